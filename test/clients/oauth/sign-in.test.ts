/** Apps use the official client, unmodified, against a whole host; members use only pages and forms. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { MemberBrowser, departed, shown, textOf } from "../../../tools/kit/oauth/member-browser.ts";
import { type Stage, appFor, connect, setStage, signInAt } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage?.stop());

const post = { $type: "app.bsky.feed.post", text: "by an app", createdAt: "2026-01-01T00:00:00.000Z" };

function createPost(did: string, collection = "app.bsky.feed.post") {
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ repo: did, collection, record: { ...post, $type: collection } }),
  };
}

test("an app on the member's machine signs in, posts, refreshes, and is signed out", async () => {
  const app = await appFor(stage, "atproto transition:generic");
  const { session, state, back } = await connect(stage, app);
  expect(state).toBe("mine");
  expect(back.searchParams.get("iss")).toBe(stage.host.url);
  expect(session.did).toBe(stage.alice.did);
  const written = await session.fetchHandler("/xrpc/com.atproto.repo.createRecord", createPost(session.did));
  expect(written.status).toBe(200);
  expect(written.headers.get("dpop-nonce")).toBeTruthy();

  const before = await session.getTokenInfo(false);
  const after = await session.getTokenInfo(true);
  expect(after.expiresAt?.getTime()).toBeGreaterThanOrEqual(before.expiresAt?.getTime() ?? 0);
  expect((await session.fetchHandler("/xrpc/com.atproto.server.getSession")).status).toBe(200);

  const saved = app.sessions.get(session.did);
  await session.signOut();
  app.sessions.set(session.did, saved as NonNullable<typeof saved>);
  const revoked = await app.client.restore(session.did, false).catch(() => null);
  const answer = await revoked?.fetchHandler("/xrpc/com.atproto.server.getSession").catch(() => null);
  expect(answer?.status ?? 401).toBe(401);
});

test("an app with a key of its own signs in and refreshes", async () => {
  const app = await appFor(stage, "atproto repo:app.bsky.feed.post", "confidential");
  const { session, consent } = await connect(stage, app);
  expect(textOf(consent)).toContain("Tide Table");
  expect(textOf(consent)).toContain("app.tester.dev");
  expect(textOf(consent)).toContain("Add, change and delete your posts");
  await session.getTokenInfo(true);
  const info = await session.getTokenInfo(false);
  expect(info.scope).toBe("atproto repo:app.bsky.feed.post");
  expect(
    (await session.fetchHandler("/xrpc/com.atproto.repo.createRecord", createPost(session.did))).status,
  ).toBe(200);
  const like = await session.fetchHandler(
    "/xrpc/com.atproto.repo.createRecord",
    createPost(session.did, "app.bsky.feed.like"),
  );
  expect(like.status).toBe(403);
  expect(await like.json()).toEqual({
    error: "ScopeMissingError",
    message: 'Missing required scope "repo:app.bsky.feed.like?action=create"',
  });
});

test("who allowed an app the same before goes straight back to it; a public app asks each time", async () => {
  for (const [kind, asked] of [
    ["confidential", false],
    ["public", true],
  ] as const) {
    const app = await appFor(stage, "atproto", kind);
    const { browser } = await connect(stage, app);
    const url = await app.client.authorize(stage.alice.handle);
    const arrived = await browser.open(url);
    if (asked) expect(textOf(shown(arrived))).toContain("use your account?");
    else expect(departed(arrived).searchParams.get("code")).toBeTruthy();
  }
});

test("an app that is not allowed hears of it, and nothing else", async () => {
  const app = await appFor(stage, "atproto");
  const browser = new MemberBrowser(stage.host.url);
  const url = await app.client.authorize(stage.alice.handle);
  const consent = await signInAt(browser, url, false);
  const back = departed(await browser.submit(consent, "consent", { answer: "deny" }));
  expect(Object.fromEntries(back.searchParams)).toMatchObject({
    error: "access_denied",
    iss: stage.host.url,
  });
  await expect(app.client.callback(back.searchParams)).rejects.toThrow("rejected");
});

test("the e-mail address is the member's to leave out", async () => {
  const app = await appFor(stage, "atproto transition:email");
  const given = await connect(stage, app);
  const seen = await given.session.fetchHandler("/xrpc/com.atproto.server.getSession");
  expect(await seen.json()).toMatchObject({ email: "alice@example.com" });

  const browser = new MemberBrowser(stage.host.url);
  const consent = await signInAt(browser, await app.client.authorize(stage.alice.handle));
  const back = departed(await browser.submit(consent, "consent", { answer: "allow" }));
  const { session } = await app.client.callback(back.searchParams);
  expect((await session.getTokenInfo(false)).scope).toBe("atproto");
  const unseen = await session.fetchHandler("/xrpc/com.atproto.server.getSession");
  expect(Object.keys((await unseen.json()) as object)).not.toContain("email");
});

test("a newcomer signs up on the way to an app", async () => {
  const app = await appFor(stage, "atproto", "public");
  const browser = new MemberBrowser(stage.host.url);
  const url = await app.client.authorize(stage.host.url, { prompt: "create" });
  const page = shown(await browser.open(url));
  expect(textOf(page)).toContain("Join Lagoon");
  const consent = shown(
    await browser.submit(page, "sign-up", {
      handle: "nora",
      email: "nora@example.com",
      password: "eight letters",
    }),
  );
  expect(textOf(consent)).toContain("@nora.test");
  const back = departed(await browser.submit(consent, "consent", { answer: "allow" }));
  expect((await app.client.callback(back.searchParams)).session.did).toMatch(/^did:plc:/);
});

test("a wrong password is said on the page, and the page stays usable", async () => {
  const app = await appFor(stage, "atproto");
  const browser = new MemberBrowser(stage.host.url);
  const page = shown(await browser.open(await app.client.authorize(stage.alice.handle)));
  const again = shown(await browser.submit(page, "sign-in", { identifier: "alice.test", password: "wrong" }));
  expect(again.status).toBe(400);
  expect(textOf(again)).toContain("do not belong together");
  const unknown = shown(
    await browser.submit(again, "sign-in", { identifier: "nobody.test", password: "wrong" }),
  );
  expect(textOf(unknown)).toContain("do not belong together");
});
