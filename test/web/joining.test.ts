/** A host that approves its new members: people ask, owners and moderators decide, and whom they let in signs up. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ORIGIN, asAdmin, bindings, fetchHost, join, lastMail, xrpc } from "../support/account-host.ts";
import { type Shown, Visitor } from "../support/visitor.ts";
import { type Holder, holderOf } from "./admin/desk.ts";

let moderator: Holder;
let owner: Holder;
beforeAll(async () => {
  bindings.REGISTRATION = "open";
  moderator = await holderOf("moderator");
  owner = await holderOf("owner");
});
beforeEach(() => {
  bindings.REGISTRATION = "approval";
});
afterEach(() => {
  bindings.RATE_LIMITS = "off";
});
afterAll(() => {
  bindings.REGISTRATION = "open";
});

let names = 0;
const newName = () => `ask${names++}x${Math.floor(Math.random() * 1e6)}`;

const ask = async (visitor: Visitor, name: string, over: Record<string, string> = {}): Promise<Shown> => {
  await visitor.get("/account/sign-up");
  const fields = { step: "ask", handle: name, email: `${name}@example.com`, reason: `I am ${name}.` };
  return visitor.post("/account/sign-up", { ...fields, ...over });
};

/** Somebody who asked, on a browser of their own. */
async function asked(name = newName()): Promise<{ name: string; visitor: Visitor }> {
  const visitor = new Visitor();
  expect(await ask(visitor, name)).toMatchObject({ status: 303, location: "/account/request" });
  return { name, visitor };
}

const idOf = (name: string) =>
  bindings.DIRECTORY.prepare("SELECT id FROM join_request WHERE handle = ?1")
    .bind(`${name}.test`)
    .first<number>("id");

async function decide(outcome: "approve" | "refuse", names: string[], word = ""): Promise<Shown> {
  const ids = await Promise.all(names.map(idOf));
  await moderator.visitor.get("/admin/requests");
  const chosen = Object.fromEntries(ids.map((id) => [String(id), "yes"]));
  return moderator.visitor.post("/admin/requests", { step: "decide", outcome, word, ...chosen });
}

const signUp = async (visitor: Visitor, link: string, over: Record<string, string> = {}): Promise<Shown> => {
  const { location } = await visitor.get(link);
  const page = await visitor.get(location ?? "");
  const valueOf = (name: string) =>
    new RegExp(`<input[^>]*name="${name}"[^>]*>`).exec(page.html)?.[0].match(/value="([^"]*)"/)?.[1] ?? "";
  const fields = Object.fromEntries(["inviteCode", "handle", "email"].map((name) => [name, valueOf(name)]));
  return visitor.post("/account/sign-up", {
    step: "sign-up",
    password: "a good password",
    ...fields,
    ...over,
  });
};

const linkIn = (text: string): string => /\/join\/[a-z0-9-]+/.exec(text)?.[0] ?? "";
const codeIn = (text: string): string => linkIn(text).slice("/join/".length);
const create = (input: Record<string, string>) => xrpc("com.atproto.server.createAccount", { input });
const logOf = async (action: string, name: string) =>
  (
    await bindings.DIRECTORY.prepare(
      "SELECT actor, detail FROM audit_log WHERE action = ?1 AND detail ->> 'handle' = ?2",
    )
      .bind(action, `${name}.test`)
      .all<{ actor: string; detail: string }>()
  ).results;

test("somebody asks, is let in with a word, and signs up with the name that was kept for them", async () => {
  const { name, visitor } = await asked();
  const waiting = await visitor.get("/account/request");
  expect(waiting.text).toContain("Your request is waiting");
  expect(waiting.text).toContain(`as @${name}.test`);
  expect((await visitor.get("/account/sign-up")).text).toContain("see how it stands");

  const list = await moderator.visitor.get("/admin/requests");
  expect(list.text).toContain(`I am ${name}.`);
  expect((await owner.visitor.get("/admin")).text).toMatch(/1 request to join/);
  const decided = await decide("approve", [name], "Bring cake.");
  expect(decided.text).toContain(`@${name}.test may join. The answer is sent`);

  const mail = await lastMail(`${name}@example.com`);
  expect(mail.text).toContain("Bring cake.");
  const page = await visitor.get("/account/request");
  expect(page.text).toContain("You are welcome");
  expect(page.text).toContain("Bring cake.");
  expect(linkIn(page.html)).toBe(linkIn(mail.text));

  const joined = await signUp(visitor, linkIn(mail.text));
  expect(joined).toMatchObject({ status: 303, location: "/account/welcome" });
  expect((await visitor.get("/account/request")).text).toContain("You have joined");
  const { body } = await xrpc("com.atproto.identity.resolveHandle", { params: { handle: `${name}.test` } });
  const member = await owner.visitor.get(`/admin/members/${String(body["did"])}`);
  expect(member.text).toContain(`Asked to join I am ${name}.`);
  expect((await owner.visitor.get("/admin/requests?show=joined")).text).toContain(`I am ${name}.`);
  expect(await logOf("approveJoinRequest", name)).toEqual([
    { actor: moderator.member.did, detail: expect.stringContaining("Bring cake.") },
  ]);
  // The link let one person in.
  expect(
    (await signUp(new Visitor(), linkIn(mail.text), { handle: newName(), email: "b@example.com" })).status,
  ).toBe(400);
});

test("a name that waits is nobody else's, whichever way they come by it", async () => {
  const { name } = await asked();
  const handle = `${name}.test`;
  const { body } = await asAdmin("com.atproto.server.createInviteCode", { input: { useCount: 5 } });
  const inviteCode = String(body["code"]);
  const stranger = { handle, email: `${newName()}@example.com`, password: "a good password", inviteCode };
  expect(await create(stranger)).toMatchObject({ status: 400, body: { error: "HandleNotAvailable" } });
  const rename = await xrpc("com.atproto.identity.updateHandle", {
    auth: owner.member.auth,
    input: { handle },
  });
  expect(rename).toMatchObject({ status: 400, body: { error: "HandleNotAvailable" } });
  const byAdmin = { did: owner.member.did, handle };
  expect((await asAdmin("com.atproto.admin.updateAccountHandle", { input: byAdmin })).status).toBe(400);
  const second = await ask(new Visitor(), name, { email: `${newName()}@example.com` });
  expect(second.text).toContain("This handle is taken.");
  expect((await ask(new Visitor(), newName(), { email: `${name}@example.com` })).text).toContain(
    "asked to join with this address already",
  );
  // Nothing was taken of the invite, and the name is free once the request is refused.
  await decide("refuse", [name]);
  expect((await create(stranger)).status).toBe(200);
});

test("who is here cannot ask again, and what no account could have is refused at its field", async () => {
  const { member } = owner;
  expect((await ask(new Visitor(), newName(), { email: member.email })).text).toContain(
    "This e-mail address has an account already.",
  );
  expect((await ask(new Visitor(), member.handle.replace(".test", ""))).text).toContain(
    "This handle is taken.",
  );
  expect((await ask(new Visitor(), "admin")).text).toContain("This name is kept for the host.");
  expect((await ask(new Visitor(), "no good", { email: "a@example.com" })).text).toContain(
    "Handles have only letters",
  );
  expect((await ask(new Visitor(), newName(), { email: "nowhere" })).text).toContain(
    "This is no e-mail address",
  );
  for (const reason of ["", "  ", "a".repeat(1001)]) {
    const answer = await ask(new Visitor(), newName(), { reason });
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining("Please say in up to 1,000 characters"),
    ]);
  }
});

test("a refusal says its word, frees the name, and can be taken back", async () => {
  const { name, visitor } = await asked();
  await decide("refuse", [name], "Not this summer.");
  const page = await visitor.get("/account/request");
  expect(page.text).toContain("Not this time");
  expect(page.text).toContain("Not this summer.");
  expect((await lastMail(`${name}@example.com`)).text).toContain("Not this summer.");
  expect((await decide("approve", [name])).text).toContain("may join");
  expect((await visitor.get("/account/request")).text).toContain("You are welcome");
});

test("an approval can be taken back until somebody signed up with it", async () => {
  const { name, visitor } = await asked();
  await decide("approve", [name]);
  const { text } = await lastMail(`${name}@example.com`);
  await decide("refuse", [name]);
  const spent = await visitor.get(`/account/sign-up?invite=${codeIn(text)}`);
  expect(spent.text).toContain("This invite was used up");
  expect((await signUp(visitor, linkIn(text), { handle: name, email: `${name}@example.com` })).status).toBe(
    400,
  );
  await decide("approve", [name]);
  const again = await lastMail(`${name}@example.com`);
  expect(codeIn(again.text)).not.toBe(codeIn(text));
  expect((await signUp(visitor, linkIn(again.text))).status).toBe(303);
  expect((await decide("refuse", [name])).text).toContain("Somebody else decided meanwhile");
});

test("another name may be taken in the end, and the kept one is free then", async () => {
  const { name, visitor } = await asked();
  await decide("approve", [name]);
  const { text } = await lastMail(`${name}@example.com`);
  const other = newName();
  expect((await signUp(visitor, linkIn(text), { handle: other })).status).toBe(303);
  expect((await ask(new Visitor(), name, { email: `${newName()}@example.com` })).status).toBe(303);
});

test("who was invited meanwhile needs no approval, and leaves no request behind", async () => {
  const { name } = await asked();
  const { body } = await asAdmin("com.atproto.server.createInviteCode", { input: { useCount: 1 } });
  const own = { handle: `${name}.test`, email: `${name}@example.com`, password: "a good password" };
  expect((await create({ ...own, inviteCode: String(body["code"]) })).status).toBe(200);
  expect(await idOf(name)).toBeNull();
});

test("several are decided at once, after a look", async () => {
  const people = [await asked(), await asked(), await asked()].map(({ name }) => name);
  const ids = await Promise.all(people.map(idOf));
  const chosen = Object.fromEntries(ids.map((id) => [String(id), "yes"]));
  await moderator.visitor.get("/admin/requests");
  const preview = await moderator.visitor.post("/admin/requests", {
    step: "preview",
    outcome: "approve",
    ...chosen,
  });
  for (const name of people) expect(preview.text).toContain(`@${name}.test I am ${name}.`);
  expect(await logOf("approveJoinRequest", people[0] ?? "")).toEqual([]);
  expect((await decide("approve", people)).text).toContain("may join");
  for (const name of people) expect(linkIn((await lastMail(`${name}@example.com`)).text)).not.toBe("");
});

test("two who decide at the same time decide once", async () => {
  const { name } = await asked();
  const answers = await Promise.all([
    decide("approve", [name]),
    decide("approve", [name]),
    decide("refuse", [name]),
  ]);
  const all = [...(await logOf("approveJoinRequest", name)), ...(await logOf("refuseJoinRequest", name))];
  const done = answers.filter(({ status }) => status === 200);
  expect(all).toHaveLength(done.length);
  const codes = await bindings.DIRECTORY.prepare(
    "SELECT count(*) AS n FROM invite_code WHERE disabled = 0 AND code IN (SELECT code FROM join_request WHERE handle = ?1)",
  )
    .bind(`${name}.test`)
    .first<number>("n");
  const state = await bindings.DIRECTORY.prepare("SELECT state FROM join_request WHERE handle = ?1")
    .bind(`${name}.test`)
    .first<string>("state");
  expect(codes).toBe(state === "approved" ? 1 : 0);
});

test("an app learns where to ask, and an invite lets in as ever", async () => {
  const name = newName();
  const input = { handle: `${name}.test`, email: `${name}@example.com`, password: "a good password" };
  const { status, body } = await create(input);
  expect([status, body["error"]]).toEqual([400, "InvalidInviteCode"]);
  expect(body["message"]).toContain(`ask at ${ORIGIN}/account/sign-up`);
  const described = await xrpc("com.atproto.server.describeServer");
  expect(described.body).toMatchObject({ inviteCodeRequired: true });
  const made = await asAdmin("com.atproto.server.createInviteCode", { input: { useCount: 1 } });
  expect((await create({ ...input, inviteCode: String(made.body["code"]) })).status).toBe(200);
  const page = await new Visitor().get("/account/sign-up?invite=");
  expect(page.html).toContain('name="inviteCode"');
});

test("without mail, whoever decides passes the link on, and the applicant's page has it", async () => {
  const { OUTSIDE } = bindings;
  const { name, visitor } = await asked();
  Reflect.deleteProperty(bindings, "OUTSIDE");
  try {
    expect((await visitor.get("/account/request")).text).toContain("The answer will stand on this page.");
    const decided = await decide("approve", [name]);
    expect(decided.text).toContain(`${name}@example.com ${ORIGIN}/join/`);
    expect(linkIn((await visitor.get("/account/request")).html)).toBe(linkIn(decided.text));
    expect(linkIn((await moderator.visitor.get("/admin/requests?show=approved")).text)).toBe(
      linkIn(decided.text),
    );
  } finally {
    if (OUTSIDE !== undefined) bindings.OUTSIDE = OUTSIDE;
  }
});

test("a request is its applicant's: by their browser, or by the address that they kept", async () => {
  const { name, visitor } = await asked();
  const own = await visitor.get("/account/request");
  const address = /\/account\/request\?key=[0-9a-f]{40}/.exec(own.html)?.[0] ?? "";
  expect((await new Visitor().get(address)).text).toContain(`@${name}.test`);
  expect((await new Visitor().get("/account/request")).status).toBe(404);
  expect((await new Visitor().get(`/account/request?key=${"0".repeat(40)}`)).status).toBe(404);
  await visitor.get("/account/request");
  expect((await visitor.post("/account/request", { step: "withdraw" })).text).toContain("Taken back");
  expect(await idOf(name)).toBeNull();
  expect((await visitor.get("/account/request")).status).toBe(404);
});

test("what was decided is not taken back by its applicant", async () => {
  const { name, visitor } = await asked();
  await visitor.get("/account/request");
  await decide("approve", [name]);
  const late = await visitor.post("/account/request", { step: "withdraw" });
  expect(late.text).toContain("It was decided meanwhile.");
  expect(await idOf(name)).not.toBeNull();
});

test("nobody asks where nobody is approved, and one address asks ten times an hour at most", async () => {
  bindings.REGISTRATION = "invite";
  expect((await ask(new Visitor(), newName())).text).toContain("Nobody is let in by asking any more");
  bindings.REGISTRATION = "approval";
  bindings.RATE_LIMITS = "on";
  const from = new Visitor((path, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("cf-connecting-ip", "198.51.100.77");
    return fetchHost(path, { ...init, headers });
  });
  const answers: number[] = [];
  for (let i = 0; i < 11; i++) answers.push((await ask(from, newName())).status);
  expect(answers).toEqual([...Array.from({ length: 10 }, () => 303), 400]);
});

test("a member who leaves takes their reason along", async () => {
  const { name, visitor } = await asked();
  await decide("approve", [name]);
  await signUp(visitor, linkIn((await lastMail(`${name}@example.com`)).text));
  const { body } = await xrpc("com.atproto.identity.resolveHandle", { params: { handle: `${name}.test` } });
  await asAdmin("com.atproto.admin.deleteAccount", { input: { did: body["did"] } });
  expect(await idOf(name)).toBeNull();
  bindings.REGISTRATION = "open";
  expect(await join(name)).toMatchObject({ handle: `${name}.test` });
});
