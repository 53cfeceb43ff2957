/**
 * `@atproto/api`'s agent, unmodified, on a whole host: what an app does in its first hour. The host's log of
 * it holds nothing that an attacker could use.
 */
import { AtpAgent } from "@atproto/api";
import type { AppBskyFeedDefs, AtpSessionData, AtpSessionEvent } from "@atproto/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawPicture } from "../../tools/seed/picture.ts";
import { createTestNetwork, type TestNetwork } from "../../tools/kit/index.ts";

const ADMIN_PASSWORD = "admin-password-of-the-story";
const logged: string[] = [];
/** Everything that is confidential: passwords, tokens, addresses, codes. */
const secrets = new Set<string>([ADMIN_PASSWORD]);
let network: TestNetwork;

beforeAll(async () => {
  network = await createTestNetwork({
    platform: "free",
    vars: { ADMIN_PASSWORD },
    log: ({ message }) => logged.push(message),
  });
});
afterAll(() => network.dispose());

interface Client {
  agent: AtpAgent;
  events: AtpSessionEvent[];
  kept(): AtpSessionData;
}

function newClient(): Client {
  const events: AtpSessionEvent[] = [];
  let kept: AtpSessionData | undefined;
  const agent = new AtpAgent({
    service: network.url,
    persistSession: (event, session) => {
      events.push(event);
      if (session === undefined) return;
      kept = session;
      secrets.add(session.accessJwt).add(session.refreshJwt);
    },
  });
  return {
    agent,
    events,
    kept: () => {
      if (kept === undefined) throw new Error("no session was kept");
      return kept;
    },
  };
}

async function signUp(name: string): Promise<Client> {
  const client = newClient();
  const given = {
    handle: `${name}.test`,
    email: `${name}@mail.example.com`,
    password: `password of ${name}`,
  };
  secrets.add(given.email).add(given.password);
  await client.agent.createAccount(given);
  return client;
}

const timelineTexts = (feed: AppBskyFeedDefs.FeedViewPost[]) =>
  feed.map(({ post }) => (post.record as { text: string }).text);

describe("the official agent", () => {
  let alice: Client;
  let bob: Client;
  let picture: { uri: string; cid: string };

  test("signs up, and has a profile with a picture", async () => {
    [alice, bob] = await Promise.all([signUp("alice"), signUp("bob")]);
    expect(alice.events).toEqual(["create"]);
    expect(alice.agent.session).toMatchObject({ handle: "alice.test", active: true });
    const avatar = await alice.agent.uploadBlob(drawPicture("alice", 64, 64).bytes, {
      encoding: "image/png",
    });
    await alice.agent.upsertProfile(() => ({
      displayName: "Alice",
      description: "of the tides",
      avatar: avatar.data.blob,
    }));
    const { data } = await bob.agent.getProfile({ actor: "alice.test" });
    expect(data).toMatchObject({ did: alice.agent.did, displayName: "Alice", description: "of the tides" });
    expect(data.avatar).toContain(avatar.data.blob.ref.toString());
  });

  test("posts with an image, whose bytes are served again", async () => {
    const drawn = drawPicture("a lagoon", 160, 120);
    const { data } = await alice.agent.uploadBlob(drawn.bytes, { encoding: "image/png" });
    const image = {
      image: data.blob,
      alt: "a lagoon",
      aspectRatio: { width: drawn.width, height: drawn.height },
    };
    picture = await alice.agent.post({
      text: "The lagoon today",
      embed: { $type: "app.bsky.embed.images", images: [image] },
    });
    const { data: seen } = await bob.agent.getPosts({ uris: [picture.uri] });
    expect(seen.posts[0]).toMatchObject({
      cid: picture.cid,
      author: { handle: "alice.test" },
      embed: { $type: "app.bsky.embed.images#view", images: [{ alt: "a lagoon" }] },
    });
    const { data: bytes } = await bob.agent.com.atproto.sync.getBlob({
      did: alice.agent.assertDid,
      cid: data.blob.ref.toString(),
    });
    expect(Buffer.from(bytes).equals(Buffer.from(drawn.bytes))).toBe(true);
  });

  test("follows, likes, reposts and replies, and the other is told of each", async () => {
    await bob.agent.follow(alice.agent.assertDid);
    const like = await bob.agent.like(picture.uri, picture.cid);
    await bob.agent.repost(picture.uri, picture.cid);
    await bob.agent.post({ text: "What a colour!", reply: { root: picture, parent: picture } });

    const { data } = await alice.agent.listNotifications();
    expect(data.notifications.map(({ reason }) => reason).toSorted()).toEqual([
      "follow",
      "like",
      "reply",
      "repost",
    ]);
    expect(data.notifications.every(({ author }) => author.handle === "bob.test")).toBe(true);
    expect((await alice.agent.countUnreadNotifications()).data.count).toBe(4);
    await alice.agent.updateSeenNotifications();
    expect((await alice.agent.countUnreadNotifications()).data.count).toBe(0);

    const { data: posts } = await bob.agent.getPosts({ uris: [picture.uri] });
    expect(posts.posts[0]).toMatchObject({
      likeCount: 1,
      repostCount: 1,
      replyCount: 1,
      viewer: { like: like.uri },
    });
    await bob.agent.deleteLike(like.uri);
    const { data: after } = await bob.agent.getPosts({ uris: [picture.uri] });
    expect(after.posts[0]?.likeCount).toBe(0);
    expect(after.posts[0]?.viewer?.like).toBeUndefined();
  });

  test("reads a timeline, page by page, and a thread", async () => {
    for (let i = 0; i < 5; i++) await alice.agent.post({ text: `Tide ${i}` });
    const texts: string[] = [];
    let cursor: string | undefined;
    do {
      const { data } = await bob.agent.getTimeline({ limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      texts.push(...timelineTexts(data.feed));
      cursor = data.cursor;
    } while (cursor !== undefined);
    expect(texts.slice(0, 5)).toEqual(["Tide 4", "Tide 3", "Tide 2", "Tide 1", "Tide 0"]);
    expect(new Set(texts)).toEqual(
      new Set(["Tide 4", "Tide 3", "Tide 2", "Tide 1", "Tide 0", "What a colour!", "The lagoon today"]),
    );
    const { data } = await alice.agent.getPostThread({ uri: picture.uri });
    expect(data.thread).toMatchObject({
      $type: "app.bsky.feed.defs#threadViewPost",
      post: { uri: picture.uri },
      replies: [{ post: { author: { handle: "bob.test" }, record: { text: "What a colour!" } } }],
    });
    const { data: feed } = await alice.agent.getAuthorFeed({ actor: "bob.test" });
    expect(feed.feed.some(({ reason }) => reason?.$type === "app.bsky.feed.defs#reasonRepost")).toBe(true);
    const { data: followers } = await alice.agent.getFollowers({ actor: alice.agent.assertDid });
    expect(followers.followers.map(({ handle }) => handle)).toEqual(["bob.test"]);
    const { data: likes } = await alice.agent.getLikes({ uri: picture.uri });
    expect(likes.likes).toEqual([]);
    const { data: found } = await bob.agent.searchActorsTypeahead({ q: "ali" });
    expect(found.actors.map(({ handle }) => handle)).toEqual(["alice.test"]);
  });

  test("takes back a repost, a follow and a post", async () => {
    const { data: before } = await bob.agent.getPosts({ uris: [picture.uri] });
    await bob.agent.deleteRepost(before.posts[0]?.viewer?.repost ?? "");
    const { data: profile } = await bob.agent.getProfile({ actor: "alice.test" });
    await bob.agent.deleteFollow(profile.viewer?.following ?? "");
    expect((await bob.agent.getProfile({ actor: "alice.test" })).data).toMatchObject({ followersCount: 0 });
    const brief = await alice.agent.post({ text: "Never mind" });
    await alice.agent.deletePost(brief.uri);
    expect((await bob.agent.getPosts({ uris: [brief.uri] })).data.posts).toEqual([]);
  });

  test("refreshes, comes back with what it kept, and signs out", async () => {
    const second = newClient();
    await second.agent.login({ identifier: "alice.test", password: "password of alice" });
    await second.agent.sessionManager.refreshSession();
    expect(second.events).toEqual(["create", "update"]);
    const third = newClient();
    await third.agent.resumeSession(second.kept());
    expect(third.agent.did).toBe(alice.agent.did);
    const { refreshJwt } = third.kept();
    await third.agent.logout();
    const signedOut = await fetch(`${network.url}/xrpc/com.atproto.server.refreshSession`, {
      method: "POST",
      headers: { authorization: `Bearer ${refreshJwt}` },
    });
    expect([signedOut.status, await signedOut.json()]).toMatchObject([400, { error: "ExpiredToken" }]);
    await expect(alice.agent.getTimeline()).resolves.toBeDefined();
  });

  test("signs in by an app password, which does what it may until it is revoked", async () => {
    const { data } = await alice.agent.com.atproto.server.createAppPassword({ name: "phone" });
    secrets.add(data.password);
    const phone = newClient();
    await phone.agent.login({ identifier: "alice.test", password: data.password });
    const { uri } = await phone.agent.post({ text: "From the phone" });
    expect((await bob.agent.getPosts({ uris: [uri] })).data.posts).toHaveLength(1);
    await expect(phone.agent.com.atproto.server.createAppPassword({ name: "other" })).rejects.toThrow();
    await alice.agent.com.atproto.server.revokeAppPassword({ name: "phone" });
    await expect(phone.agent.sessionManager.refreshSession()).rejects.toThrow();
    const wrong = newClient();
    await expect(wrong.agent.login({ identifier: "alice.test", password: data.password })).rejects.toThrow(
      "Invalid identifier or password",
    );
  });
});

describe("the logs", () => {
  test("have a line for each request, and nothing that was said in confidence", async () => {
    const address = "moved-address@mail.example.com";
    secrets.add(address);
    const alice = newClient();
    await alice.agent.login({ identifier: "alice@mail.example.com", password: "password of alice" });
    await alice.agent.com.atproto.server.requestPasswordReset({ email: "alice@mail.example.com" });
    const { code } = await network.mailbox().next(({ to }) => to === "alice@mail.example.com");
    expect(code).not.toBeNull();
    secrets.add(String(code));
    await expect(
      alice.agent.com.atproto.server.resetPassword({ token: "AAAAA-22222", password: "password too new" }),
    ).rejects.toThrow();
    await alice.agent.com.atproto.server.updateEmail({ email: address });
    const { data } = await alice.agent.com.atproto.server.getServiceAuth({ aud: "did:web:example.com" });
    secrets.add(data.token).add("password too new");
    // Refused calls are logged too.
    const attempts = [
      ["com.atproto.server.createSession", { identifier: "alice.test", password: "password of nobody" }],
      [
        "com.atproto.server.createAccount",
        { handle: "x.test", email: address, password: "password of nobody" },
      ],
    ] as const;
    secrets.add("password of nobody");
    for (const [nsid, input] of attempts) {
      const body = JSON.stringify(input);
      const headers = { "content-type": "application/json" };
      expect((await fetch(`${network.url}/xrpc/${nsid}`, { method: "POST", headers, body })).ok).toBe(false);
    }
    await fetch(`${network.url}/xrpc/app.bsky.feed.getTimeline?token=query-secret-token`, {
      headers: { authorization: "Bearer header-secret-token" },
    });
    secrets.add("query-secret-token").add("header-secret-token");

    const lines = logged.map((line) => parsed(line)).filter((line) => line !== null);
    const named = lines.filter(({ method }) => method === "com.atproto.server.createSession");
    expect(named.length).toBeGreaterThan(2);
    for (const { time, id, status, ms } of named) {
      expect([typeof time, typeof id, typeof status, typeof ms]).toEqual([
        "string",
        "string",
        "number",
        "number",
      ]);
    }
    const text = logged.join("\n");
    expect(secrets.size).toBeGreaterThan(15);
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/[\w.+-]+@[\w-]+\.\w+/);
    // A JWT of any kind.
    expect(text).not.toMatch(/eyJ[\w-]+\.[\w-]+\./);
  });
});

function parsed(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}
