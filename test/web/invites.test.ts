/** Members invite people on their own page, as many as the owner of the host allows. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Member, asAdmin, bindings, join, xrpc } from "../support/account-host.ts";
import { type Shown, Visitor } from "../support/visitor.ts";

let member: Member;
let visitor: Visitor;
beforeEach(async () => {
  bindings.REGISTRATION = "open";
  bindings.MEMBER_INVITES = "2";
  member = await join();
  visitor = new Visitor();
  await visitor.signIn(member.handle, member.password);
  bindings.REGISTRATION = "invite";
  await visitor.get("/account/invites");
});
afterEach(() => {
  bindings.REGISTRATION = "open";
  bindings.MEMBER_INVITES = "5";
});

const make = () => visitor.post("/account/invites", { step: "create" });
const codesOf = ({ html }: Shown) =>
  [...html.matchAll(/http:\/\/localhost:2583\/join\/([a-z0-9-]+)<\/code>/g)].map(([, code = ""]) => code);

async function comeBy(code: string): Promise<Shown> {
  const newcomer = new Visitor();
  const link = await newcomer.get(`/join/${code}`);
  await newcomer.get(link.location ?? "");
  const handle = `n${Math.floor(Math.random() * 1e9)}`;
  return newcomer.post("/account/sign-up", {
    step: "sign-up",
    handle,
    email: `${handle}@example.com`,
    password: "a good password",
    inviteCode: code,
  });
}

test("a link lets one person in, who is named to its giver", async () => {
  const made = await make();
  expect(made.text).toContain("One invite left.".toLowerCase());
  const [code = ""] = codesOf(made);
  const page = await new Visitor().get(`/account/sign-up?invite=${code}`);
  expect(page.text).toContain(`Invited by`);
  expect(page.text).toContain(`@${member.handle}`);
  expect(await comeBy(code)).toMatchObject({ status: 303, location: "/account/welcome" });
  expect((await comeBy(code)).status).toBe(400);
  const after = await visitor.get("/account/invites");
  expect(after.text).toMatch(/Used by @n\d+\.test on \d+ \w+ \d{4}\./);
  expect(codesOf(after)).toEqual([]);
});

test("no more are made than the owner allows, at once or one by one", async () => {
  const made = await Promise.all(Array.from({ length: 6 }, make));
  expect(made.filter(({ status }) => status === 200)).toHaveLength(2);
  const page = await visitor.get("/account/invites");
  expect(codesOf(page)).toHaveLength(2);
  expect(page.text).toContain("You have no invites left to make.");
  expect(page.text).not.toContain("Make an invite link");
  expect((await make()).text).toContain("You have no invites left.");
});

test("one that nobody used is withdrawn, opens nothing, and can be made again", async () => {
  const [code = ""] = codesOf(await make());
  const withdrawn = await visitor.post("/account/invites", { step: "withdraw", code });
  expect(withdrawn.text).toContain("The invite is withdrawn");
  expect(codesOf(withdrawn)).toEqual([]);
  expect((await comeBy(code)).status).toBe(400);
  expect((await make()).status).toBe(200);
  expect((await make()).status).toBe(200);
  expect((await make()).status).toBe(400);
});

test("one that was used, or is somebody else's, is not withdrawn", async () => {
  const [code = ""] = codesOf(await make());
  await comeBy(code);
  expect((await visitor.post("/account/invites", { step: "withdraw", code })).status).toBe(400);
  const { body } = await asAdmin("com.atproto.server.createInviteCode", { input: { useCount: 3 } });
  const others = await visitor.post("/account/invites", { step: "withdraw", code: String(body.code) });
  expect(others.status).toBe(400);
  expect((await comeBy(String(body.code))).status).toBe(303);
});

test("codes that the owner gave a member are there, too, with their uses", async () => {
  await asAdmin("com.atproto.server.createInviteCode", { input: { useCount: 3, forAccount: member.did } });
  const page = await visitor.get("/account/invites");
  expect(page.text).toContain("Nobody used it yet; it lets 3 people in.");
  expect(page.text).toContain("2 invites left");
});

test("an owner who allows none has none made, and nobody is told that members give any", async () => {
  bindings.MEMBER_INVITES = "0";
  expect((await make()).status).toBe(400);
  expect((await visitor.get("/account")).html).not.toContain("/account/invites");
  expect((await new Visitor().get("/account/sign-up")).text).toContain(
    "Whoever runs this place can give you one.",
  );
  // The front page is kept for seconds.
  const front = () => new Visitor().get("/", { "cache-control": "no-cache" });
  expect((await front()).text).not.toContain("Ask somebody who is here");
  bindings.MEMBER_INVITES = "2";
  expect((await visitor.get("/account")).text).toContain("Invites 2 invites left");
  expect((await front()).text).toContain("Ask somebody who is here for a link.");
});

test("an inviter makes more", async () => {
  await asAdmin("internal.atoll.admin.grantRole", { input: { did: member.did, role: "inviter" } });
  for (let i = 0; i < 4; i++) expect((await make()).status).toBe(200);
});

test("a member whose invites were stopped, or who is switched off, makes none", async () => {
  await asAdmin("com.atproto.admin.disableAccountInvites", { input: { account: member.did } });
  expect((await make()).status).toBe(400);
  await asAdmin("com.atproto.admin.enableAccountInvites", { input: { account: member.did } });
  expect((await make()).status).toBe(200);
  await xrpc("com.atproto.server.deactivateAccount", { auth: member.auth, input: {} });
  expect((await make()).status).toBe(400);
});

test("making and withdrawing has its limit", async () => {
  bindings.RATE_LIMITS = "on";
  try {
    let last: Shown | null = null;
    for (let i = 0; i < 12; i++) {
      last = await make();
      if (last.status !== 200) break;
      const [code = ""] = codesOf(last);
      last = await visitor.post("/account/invites", { step: "withdraw", code });
    }
    expect(last?.text).toContain("Too many attempts. Please wait a few minutes.");
  } finally {
    bindings.RATE_LIMITS = "off";
  }
});

test("where anybody may join, there is nothing to give", async () => {
  bindings.REGISTRATION = "open";
  expect((await visitor.get("/account")).html).not.toContain("/account/invites");
  expect((await visitor.get("/account/invites")).text).toContain("has no invites to give out at the moment");
  expect((await make()).status).toBe(400);
});
