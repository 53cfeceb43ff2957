/** Requests to join, decided by a tool: the same rules as on the pages, over XRPC. */
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { JoinRequests } from "../../src/moderation/join-requests.ts";
import {
  type CallOptions,
  type Member,
  asAdmin,
  bindings,
  join,
  lastMail,
  xrpc,
} from "../support/account-host.ts";

const LIST = "internal.atoll.joining.listRequests";
const DECIDE = "internal.atoll.joining.decideRequests";

let moderator: Member;
beforeAll(async () => {
  moderator = await join();
  await asAdmin("internal.atoll.admin.grantRole", { input: { did: moderator.did, role: "moderator" } });
});
beforeEach(async () => {
  bindings.REGISTRATION = "approval";
  await bindings.DIRECTORY.prepare("DELETE FROM join_request").run();
});
afterEach(() => {
  bindings.REGISTRATION = "open";
});

const as = (nsid: string, options: CallOptions) => xrpc(nsid, { ...options, auth: moderator.auth });

interface Request {
  id: number;
  handle: string;
  state: string;
  link?: string;
}

const requestsIn = (body: Record<string, unknown>) => body["requests"] as Request[];

let made = 0;
async function ask(): Promise<string> {
  const name = `tool${made++}x${Math.floor(Math.random() * 1e6)}`;
  const asked = { handle: `${name}.test`, email: `${name}@example.com`, reason: `I am ${name}.` };
  await new JoinRequests(bindings.DIRECTORY).ask({ keyDigest: crypto.randomUUID(), ...asked });
  return name;
}

async function waiting(params: Record<string, string> = {}): Promise<Request[]> {
  return requestsIn((await as(LIST, { params })).body);
}

test("those who wait are listed from the first on, page by page, with what they wrote", async () => {
  const names = [await ask(), await ask(), await ask()];
  const first = await as(LIST, { params: { limit: "2" } });
  expect(requestsIn(first.body)).toMatchObject([
    { handle: `${names[0]}.test`, reason: `I am ${names[0]}.`, state: "waiting" },
    { handle: `${names[1]}.test` },
  ]);
  const cursor = String(first.body["cursor"]);
  const rest = await as(LIST, { params: { limit: "2", cursor } });
  expect(requestsIn(rest.body).map(({ handle }) => handle)).toEqual([`${names[2]}.test`]);
  expect(rest.body).not.toHaveProperty("cursor");
  // Neither key nor code of anybody.
  expect(JSON.stringify(first.body)).not.toMatch(/key|code|link/i);
});

test("an approval tells the applicant, and answers with the link that lets them in", async () => {
  const name = await ask();
  const [request] = await waiting();
  const decided = await as(DECIDE, {
    input: { ids: [request?.id], outcome: "approve", word: "Bring cake." },
  });
  expect(decided.body).toMatchObject({ requests: [{ state: "approved", word: "Bring cake." }], untold: [] });
  const link = requestsIn(decided.body)[0]?.link ?? "";
  expect((await lastMail(`${name}@example.com`)).text).toContain(link);
  const joined = await xrpc("com.atproto.server.createAccount", {
    input: {
      handle: `${name}.test`,
      email: `${name}@example.com`,
      password: "a good password",
      inviteCode: link.split("/join/")[1],
    },
  });
  expect(joined.status).toBe(200);
  expect(await waiting({ state: "joined" })).toMatchObject([{ handle: `${name}.test` }]);
  const log = await asAdmin("internal.atoll.admin.listAudit", {
    params: { actor: moderator.did, limit: "1" },
  });
  expect(log.body["acts"]).toMatchObject([{ action: "approveJoinRequest" }]);
});

test("a refusal says whom no mail reached, and a decision that somebody else made is not made again", async () => {
  const { OUTSIDE } = bindings;
  await ask();
  const ids = (await waiting()).map(({ id }) => id);
  Reflect.deleteProperty(bindings, "OUTSIDE");
  try {
    const decided = await as(DECIDE, { input: { ids, outcome: "refuse" } });
    expect(decided.body).toMatchObject({ requests: [{ state: "refused" }], untold: ids });
  } finally {
    if (OUTSIDE !== undefined) bindings.OUTSIDE = OUTSIDE;
  }
  const again = await as(DECIDE, { input: { ids, outcome: "refuse" } });
  expect([again.status, again.body]).toEqual([200, { requests: [], untold: [] }]);
});

test.each([
  ["nobody", { ids: [], outcome: "approve" }],
  ["more than ten", { ids: Array.from({ length: 11 }, (_, n) => n + 1), outcome: "approve" }],
  ["no outcome", { ids: [1] }],
  ["another outcome", { ids: [1], outcome: "ignore" }],
  ["too long a word", { ids: [1], outcome: "refuse", word: "x".repeat(501) }],
  ["a name that the method does not have", { ids: [1], outcome: "refuse", reason: "x" }],
])("%s is refused, and changes nothing", async (_, input) => {
  await ask();
  const refused = await as(DECIDE, { input });
  expect([refused.status, refused.body["error"]]).toEqual([400, "InvalidRequest"]);
  expect(await waiting()).toHaveLength(1);
});

test.each(["x", "1.5", "1e9"])("the cursor %j is refused", async (cursor) => {
  const { status, body } = await as(LIST, { params: { cursor } });
  expect([status, body["error"]]).toEqual([400, "InvalidRequest"]);
});
