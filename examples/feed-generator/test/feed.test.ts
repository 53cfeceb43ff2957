import assert from "node:assert/strict";
import type http from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { IdResolver } from "@atproto/identity";
import { createTestNetwork, type TestNetwork } from "atoll-host/testing";
import { TaggedPosts } from "../src/posts.ts";
import { type FeedGenerator, didOf, serve } from "../src/server.ts";

let network: TestNetwork;
let server: http.Server;
let stop: () => Promise<void>;
let feed: string;

before(async () => {
  network = await createTestNetwork({
    seed: {
      accounts: [{ name: "publisher" }, { name: "alice" }, { name: "bob" }],
      posts: [
        { id: "one", by: "alice", text: "Mine sleeps all day. #cats" },
        { id: "two", by: "alice", text: "Nothing about animals." },
        { id: "three", by: "bob", text: "And mine all night. #Cats" },
      ],
    },
  });
  const publisher = network.accounts.get("publisher")?.did ?? "";
  const posts = new TaggedPosts("cats");
  // The resolver's default fetch allows only public addresses, and the network is on this machine.
  const identities = new IdResolver({ plcUrl: network.plc, fetch });
  stop = posts.follow(network.url.replace("http", "ws"), identities);
  let generator: FeedGenerator | undefined;
  server = serve(() => generator ?? assert.fail("asked too early")).listen(0);
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  generator = { origin, publisher, rkey: "cats", identities, posts };
  // This record announces the feed to the network.
  const { data } = await network.agent("publisher").com.atproto.repo.putRecord({
    repo: publisher,
    collection: "app.bsky.feed.generator",
    rkey: "cats",
    record: { did: didOf(origin), displayName: "Cats", createdAt: new Date().toISOString() },
  });
  feed = data.uri;
  await network.settle();
  const until = Date.now() + 10_000;
  while (posts.page(10, undefined).uris.length < 2) {
    assert.ok(Date.now() < until, "the posts did not come");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});
after(async () => {
  await stop?.();
  server?.close();
  await network?.dispose();
});

/** Texts of the feed as a member sees it through the AppView. */
async function texts(name: string, limit = 50, cursor?: string) {
  const { data } = await network
    .agent(name)
    .app.bsky.feed.getFeed({ feed, limit, ...(cursor ? { cursor } : {}) });
  return { texts: data.feed.map(({ post }) => (post.record as { text: string }).text), cursor: data.cursor };
}

test("shows tagged posts, newest first, to whoever follows nobody", async () => {
  const seen = await texts("publisher");
  assert.deepEqual(seen.texts, ["And mine all night. #Cats", "Mine sleeps all day. #cats"]);
});

test("leaves out what the viewer wrote, known by the token that the AppView passes on", async () => {
  assert.deepEqual((await texts("alice")).texts, ["And mine all night. #Cats"]);
});

test("pages through", async () => {
  const first = await texts("publisher", 1);
  assert.deepEqual(first.texts, ["And mine all night. #Cats"]);
  const second = await texts("publisher", 1, first.cursor);
  assert.deepEqual(second.texts, ["Mine sleeps all day. #cats"]);
  assert.equal(second.cursor, undefined);
});

test("is described, and refuses feeds that it does not have", async () => {
  const { data } = await network.agent("alice").app.bsky.feed.getFeedGenerator({ feed });
  assert.equal(data.view.displayName, "Cats");
  assert.equal(data.isOnline, true);
  const other = feed.replace("/cats", "/dogs");
  const { port } = server.address() as AddressInfo;
  const skeleton = await fetch(
    `http://localhost:${port}/xrpc/app.bsky.feed.getFeedSkeleton?feed=${encodeURIComponent(other)}`,
  );
  assert.deepEqual(
    [skeleton.status, ((await skeleton.json()) as { error: string }).error],
    [400, "UnknownFeed"],
  );
});

test("refuses cursors that it never gave, by name", async () => {
  const { port } = server.address() as AddressInfo;
  for (const cursor of ["", "abc", "-1", "1.5", "1e9", "9".repeat(16), "%00"]) {
    const address = new URL(`http://localhost:${port}/xrpc/app.bsky.feed.getFeedSkeleton`);
    address.searchParams.set("feed", feed);
    address.searchParams.set("cursor", cursor);
    const answer = await fetch(address);
    assert.deepEqual(
      [cursor, answer.status, ((await answer.json()) as { error: string }).error],
      [cursor, 400, "InvalidRequest"],
    );
  }
  await assert.rejects(texts("alice", 10, "abc"), { status: 400, error: "InvalidRequest" });
});
