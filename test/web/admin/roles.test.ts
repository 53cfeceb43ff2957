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
  "/admin/plan": { may: MODERATORS, steps: { plan: [OWNERS] } },
  "/admin/log": { may: MODERATORS, steps: {} },
  "/admin/settings": { may: OWNERS, steps: {} },
  "/admin/settings/*": { may: OWNERS, steps: { save: [OWNERS, "careful"] } },
  "/admin/backups": {
    may: OWNERS,
    steps: { key: [OWNERS, "careful"], save: [OWNERS, "careful"], start: [OWNERS] },
  },
  "/admin/health": { may: OWNERS, steps: { mail: [OWNERS] } },
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
