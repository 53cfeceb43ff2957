/** Read replicas: who is answered by them, and that members see what they wrote. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { nearGuests } from "../../src/edge/replicas.ts";
import worker from "../../src/worker.ts";
import { type Member, ORIGIN, bindings, join } from "../support/account-host.ts";

const { APPVIEW_DB } = bindings;
const env = { ...bindings, READ_REPLICAS: "guests" as const };
const constraints: unknown[] = [];

beforeEach(() => {
  const begin = APPVIEW_DB.withSession.bind(APPVIEW_DB);
  vi.spyOn(APPVIEW_DB, "withSession").mockImplementation((constraint) => {
    constraints.push(constraint);
    return begin(constraint);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  constraints.length = 0;
});

async function ask(path: string, init: RequestInit = {}, given: typeof bindings = env): Promise<Response> {
  const context = createExecutionContext();
  const response = await worker.fetch(new Request(`${ORIGIN}${path}`, init), given, context);
  await waitOnExecutionContext(context);
  return response;
}

const feedOf = ({ did }: Member) => `/xrpc/app.bsky.feed.getAuthorFeed?actor=${did}`;
const textsIn = async (response: Response) => {
  const { feed } = await response.json<{ feed: { post: { record: { text: string } } }[] }>();
  return feed.map(({ post }) => post.record.text);
};

test("a member reads the primary, and what they just wrote; a guest begins at any copy", async () => {
  const member = await join();
  const auth = { authorization: member.auth, "content-type": "application/json" };
  const record = { $type: "app.bsky.feed.post", text: "seen at once", createdAt: new Date().toISOString() };
  const body = JSON.stringify({ repo: member.did, collection: record.$type, record });
  const written = await ask("/xrpc/com.atproto.repo.createRecord", { method: "POST", headers: auth, body });
  expect(written.status).toBe(200);
  expect(await textsIn(await ask(feedOf(member), { headers: auth }))).toEqual(["seen at once"]);
  expect(constraints).toEqual([]);
  expect(await textsIn(await ask(feedOf(member)))).toEqual(["seen at once"]);
  expect(constraints).toEqual(["first-unconstrained"]);
  const page = await ask(`/profile/${member.handle}`, { headers: { accept: "text/html" } });
  expect(await page.text()).toContain("seen at once");
  expect(constraints).toEqual(["first-unconstrained", "first-unconstrained"]);
});

test("nothing is asked of replicas that nobody chose", async () => {
  expect((await ask("/", { headers: { accept: "text/html" } }, bindings)).status).toBe(200);
  expect(constraints).toEqual([]);
});

test.each<[string, RequestInit, boolean]>([
  ["a guest's", {}, true],
  ["a guest's, with a cookie of another kind", { headers: { cookie: "atoll-request=abc" } }, true],
  ["one with a token", { headers: { authorization: "Bearer x" } }, false],
  ["one with an app's token", { headers: { authorization: "DPoP x" } }, false],
  ["one of a browser that was signed in", { headers: { cookie: "a=b; atoll-browser=dev-1.2" } }, false],
  ["one over https", { headers: { cookie: "__Host-atoll-browser=dev-1.2" } }, false],
  ["a form", { method: "POST", body: "x" }, false],
])("%s request: a copy or the primary", (_, init, near) => {
  const given = nearGuests(env, new Request(ORIGIN, init));
  expect(given.APPVIEW_DB !== APPVIEW_DB).toBe(near);
  expect(given.DIRECTORY).toBe(bindings.DIRECTORY);
});
