/**
 * Every page and every form of the admin's desk, with each role, with none, as a stranger, with another
 * browser's cookie, without the form's token, and with a sign-in of an hour ago.
 */
import { beforeAll, describe, expect, test } from "vitest";
import type { Role } from "../../../src/moderation/roles.ts";
import { PAGES } from "../../../src/web/admin/routes.ts";
import { bindings, join } from "../../support/account-host.ts";
import { type Shown, Visitor } from "../../support/visitor.ts";
import { ABOUT, type Holder, holderOf, plantArchive, signedIn } from "./desk.ts";

/** Who may take a form, and whether it asks for a fresh sign-in. */
type Rule = [may: readonly Role[], careful?: "careful"];

const ALL: readonly Role[] = ["owner", "moderator", "inviter"];
const MODERATORS: readonly Role[] = ["owner", "moderator"];
const OWNERS: readonly Role[] = ["owner"];
const INVITERS: readonly Role[] = ["owner", "inviter"];

const REPORT_STEPS = [
  "dismiss",
  "label",
  "take-down",
  "suspend",
  "restore",
  "warn",
  "undo",
  "take",
  "leave",
  "escalate",
  "hand-back",
];

const TABLE: Record<string, { may: readonly Role[]; steps: Record<string, Rule> }> = {
  "/admin": { may: ALL, steps: {} },
  "/admin/members": { may: MODERATORS, steps: { preview: [MODERATORS], apply: [MODERATORS] } },
  "/admin/members/*": {
    may: MODERATORS,
    steps: {
      suspend: [MODERATORS],
      "take-down": [MODERATORS],
      restore: [MODERATORS],
      "invites-off": [MODERATORS],
      "invites-on": [MODERATORS],
      "end-sessions": [MODERATORS],
      "reset-link": [OWNERS, "careful"],
      handle: [OWNERS, "careful"],
      email: [OWNERS, "careful"],
      "revoke-credentials": [OWNERS, "careful"],
      role: [OWNERS, "careful"],
      delete: [OWNERS, "careful"],
    },
  },
  "/admin/archives": { may: OWNERS, steps: { restore: [OWNERS, "careful"] } },
  "/admin/archives/*": { may: OWNERS, steps: {} },
  "/admin/reports": { may: MODERATORS, steps: {} },
  "/admin/reports/*": {
    may: MODERATORS,
    steps: Object.fromEntries(REPORT_STEPS.map((step): [string, Rule] => [step, [MODERATORS]])),
  },
  "/admin/requests": { may: MODERATORS, steps: { preview: [MODERATORS], decide: [MODERATORS] } },
  "/admin/invites": { may: ALL, steps: { create: [INVITERS], send: [INVITERS] } },
  "/admin/invites/*": { may: ALL, steps: { stop: [ALL] } },
  "/admin/names": { may: OWNERS, steps: { reserve: [OWNERS], release: [OWNERS], words: [OWNERS] } },
  "/admin/links": { may: MODERATORS, steps: { block: [MODERATORS], allow: [MODERATORS], hosts: [OWNERS] } },
  "/admin/labels": { may: OWNERS, steps: { add: [OWNERS], remove: [OWNERS] } },
  "/admin/roles": { may: OWNERS, steps: {} },
  "/admin/mail": { may: OWNERS, steps: { test: [OWNERS], language: [OWNERS] } },
  "/admin/mail/*": { may: OWNERS, steps: { save: [OWNERS], reset: [OWNERS] } },
  "/admin/announcements": {
    may: OWNERS,
    steps: { notify: [OWNERS, "careful"], mail: [OWNERS, "careful"], stop: [OWNERS] },
  },
  "/admin/hand-over": { may: OWNERS, steps: { offer: [OWNERS, "careful"], stop: [OWNERS, "careful"] } },
  "/admin/relays": { may: MODERATORS, steps: {} },
  "/admin/numbers": { may: MODERATORS, steps: {} },
  "/admin/plan": { may: MODERATORS, steps: { files: [OWNERS], plan: [OWNERS] } },
  "/admin/log": { may: MODERATORS, steps: {} },
  "/admin/settings": { may: OWNERS, steps: {} },
  "/admin/settings/*": { may: OWNERS, steps: { save: [OWNERS, "careful"] } },
  "/admin/backups": {
    may: OWNERS,
    steps: { key: [OWNERS, "careful"], save: [OWNERS, "careful"], start: [OWNERS] },
  },
  "/admin/health": { may: OWNERS, steps: { examine: [OWNERS], mail: [OWNERS] } },
  "/admin/address": {
    may: OWNERS,
    steps: { look: [OWNERS], move: [OWNERS, "careful"], follow: [OWNERS, "careful"] },
  },
};

const ROLES = ["owner", "moderator", "inviter"] as const;
const holders = new Map<Role | "none", Holder>();
let subject: string;

beforeAll(async () => {
  for (const role of ROLES) holders.set(role, await holderOf(role));
  holders.set("none", await signedIn());
  subject = (await join()).did;
  await plantArchive();
  // Somebody came by the inviter.
  const inviter = holders.get("inviter")?.member.did;
  await bindings.DIRECTORY.batch([
    bindings.DIRECTORY.prepare(
      "INSERT INTO invite_code (code, available_uses, for_account, created_by, created_at) VALUES ('of-inviter', 5, ?1, ?1, '2026')",
    ).bind(inviter),
    bindings.DIRECTORY.prepare(
      "INSERT INTO invite_use (code, used_by, used_at) VALUES ('of-inviter', ?1, '2026')",
    ).bind(subject),
  ]);
});

const visitorOf = (role: Role | "none"): Visitor => holders.get(role)?.visitor ?? new Visitor();
const pathOf = (pattern: string) => pattern.replace("*", ABOUT[pattern] ?? subject);

/** Moves a holder's last sign-in into the past. */
async function age(role: Role, ms: number): Promise<void> {
  await bindings.DIRECTORY.prepare("UPDATE oauth_device_account SET signed_in_at = ?1 WHERE did = ?2")
    .bind(Date.now() - ms, holders.get(role)?.member.did)
    .run();
}

const audited = async () =>
  bindings.DIRECTORY.prepare("SELECT count(*) AS count FROM audit_log").first<number>("count");

/** Forms that fail at their fields, so that nothing of the subject's is changed by a table. */
const harmless = (step: string) => ({
  step,
  handle: "-",
  email: "-",
  confirm: "-",
  role: "-",
  id: "0",
  language: "en",
});

/** Whether a form was taken: its page answers, with what came of it. */
const wasTaken = ({ status, location }: Shown) =>
  status === 200 || status === 400 || (status === 303 && !location?.startsWith("/account/"));

test("an inviter sees who came by an invite, without ways to their pages", async () => {
  const { html, text } = await visitorOf("inviter").get("/admin/invites/of-inviter");
  expect(text).toContain("1 of 5 came");
  for (const [path, step] of offeredIn(html))
    expect(step === null ? servedAt(path)?.may : servedAt(path)?.steps[step]?.may, path).toContain("inviter");
});

test("the table has every page and every form", () => {
  const forms = Object.entries(PAGES).map(([path, { steps }]) => [path, Object.keys(steps).toSorted()]);
  const listed = Object.entries(TABLE).map(([path, { steps }]) => [path, Object.keys(steps).toSorted()]);
  expect(Object.fromEntries(forms)).toEqual(Object.fromEntries(listed));
});

describe.each(Object.entries(TABLE))("%s", (pattern, { may, steps }) => {
  test.each([...ROLES, "none"] as const)("shows itself to %s, or says for whom it is", async (role) => {
    const page = await visitorOf(role).get(pathOf(pattern));
    // An inviter sees nobody's tree but their own.
    const about = pattern === "/admin/invites/*" && role === "inviter";
    const allowed = role !== "none" && may.includes(role) && !about;
    expect(page.status, page.text).toBe(allowed ? 200 : 403);
    if (!allowed && !about) expect(page.text).toContain("This page is for the");
  });

  test("sends a stranger, and another's cookie, to sign in", async () => {
    const strange = await new Visitor().get(pathOf(pattern));
    expect(strange.location).toContain("/account/sign-in?to=%2Fadmin");
    const planted = { cookie: `atoll-browser=dev-${"0".repeat(32)}.${"0".repeat(32)}` };
    expect((await new Visitor().get(pathOf(pattern), planted)).location).toContain("/account/sign-in");
  });

  const forms = Object.entries(steps);
  test.each(forms)("takes %s from whom it may, with a fresh sign-in where it must", async (step, rule) => {
    const [allowed, careful] = rule;
    for (const role of ROLES) {
      await age(role, 60_000);
      const visitor = visitorOf(role);
      await visitor.get("/account");
      const before = await audited();
      const answer = await visitor.post(pathOf(pattern), harmless(step));
      if (allowed.includes(role)) expect(wasTaken(answer), `${role}: ${answer.text}`).toBe(true);
      else {
        expect(answer.text, role).toContain("This page is for the");
        expect(await audited(), role).toBe(before);
      }
      if (!allowed.includes(role) || careful === undefined) continue;
      await age(role, 16 * 60_000);
      const count = await audited();
      const late = await visitor.post(pathOf(pattern), harmless(step));
      expect(late.location, role).toContain("/account/sign-in?to=");
      expect(late.location, role).toContain("again=");
      expect(await audited(), role).toBe(count);
    }
  });

  test.each(forms)(
    "refuses %s without the form's token, from a stranger and without a role",
    async (step) => {
      const before = await audited();
      const owner = visitorOf("owner");
      await age("owner", 0);
      expect((await owner.post(pathOf(pattern), { ...harmless(step), csrf: "" })).status).toBe(403);
      expect((await owner.post(pathOf(pattern), { ...harmless(step), csrf: "0".repeat(64) })).status).toBe(
        403,
      );
      const stranger = new Visitor();
      await stranger.get("/account/sign-in");
      expect((await stranger.post(pathOf(pattern), harmless(step))).location).toContain("/account/sign-in");
      // Another browser's token opens nothing in this one.
      const [, theirs = ""] = /name="csrf" value="([^"]+)"/.exec((await owner.get("/account")).html) ?? [];
      expect(theirs).not.toBe("");
      expect((await stranger.post(pathOf(pattern), { ...harmless(step), csrf: theirs })).status).toBe(403);
      await visitorOf("none").get("/account");
      const without = await visitorOf("none").post(pathOf(pattern), harmless(step));
      expect(without.text).toContain("Your account has no such role");
      expect(await audited()).toBe(before);
    },
  );
});

/** The page of the table that serves a path. */
function servedAt(path: string) {
  const pathname = new URL(path, "http://host.test").pathname;
  return PAGES[pathname] ?? PAGES[pathname.replace(/[^/]+$/, "*")];
}

/** The ways and the forms of a page, those of its header among them: a path, and the form's step. */
function offeredIn(html: string): [path: string, step: string | null][] {
  const links = [...html.matchAll(/<a\b[^>]*\bhref="(\/admin[^"]*)"/g)].map(
    ([, path = ""]): [string, null] => [path, null],
  );
  const forms = html
    .split("<form")
    .slice(1)
    .map((form) => form.split("</form>")[0] ?? "");
  const steps = forms.flatMap((form) => {
    const [, action = ""] = /action="(\/admin[^"]*)"/.exec(form) ?? [];
    return [...form.matchAll(/name="step" value="([^"]+)"/g)].map(([, step = ""]): [string, string] => [
      action,
      step,
    ]);
  });
  return [...links, ...steps];
}

describe.each(ROLES)("what %s may not do is not shown", (role) => {
  const own = Object.entries(TABLE).filter(([, { may }]) => may.includes(role));
  test.each(own.map(([pattern]) => pattern))("on %s", async (pattern) => {
    await age(role, 0);
    const about = pattern === "/admin/invites/*" ? (holders.get(role)?.member.did ?? "") : null;
    const { html, status } = await visitorOf(role).get(
      about === null ? pathOf(pattern) : pattern.replace("*", about),
    );
    expect(status).toBe(200);
    const offered = offeredIn(html);
    if (pattern !== "/admin/archives/*") expect(offered.length).toBeGreaterThan(0);
    for (const [path, step] of offered) {
      const page = servedAt(path);
      const may = step === null ? page?.may : page?.steps[step]?.may;
      expect(may, `${path} ${step ?? ""}`).toContain(role);
    }
  });
});

test("a form that is none of the page's is refused", async () => {
  await visitorOf("owner").get("/account");
  for (const step of ["", "nothing", "constructor"]) {
    const answer = await visitorOf("owner").post(pathOf("/admin/members/*"), { step });
    expect(answer.text).toContain("This form is none of this page");
  }
});

test("a sign-in of an hour ago shows pages, but no form that wants a fresh one", async () => {
  await age("owner", 60 * 60_000);
  const page = await visitorOf("owner").get(pathOf("/admin/members/*"));
  expect(page.status).toBe(200);
  expect(page.text).toContain("Sign in once more");
  for (const [step, [, careful]] of Object.entries(TABLE["/admin/members/*"]?.steps ?? {}))
    if (careful) expect(page.html, step).not.toContain(`value="${step}"`);
});
