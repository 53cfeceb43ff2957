import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { JetstreamSubscription } from "@atcute/jetstream";
import type { AppBskyFeedPost } from "@atproto/api";
import { createTestNetwork, type TestNetwork } from "atoll-host/testing";
import { POST, rollDice, runBot } from "../src/bot.ts";

let network: TestNetwork;
const stops: (() => void)[] = [];
before(async () => {
  network = await createTestNetwork();
});
after(() => network.dispose());
beforeEach(() => network.reset());
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Runs the bot on the host's JSON stream until the test ends. Throws what the bot throws. */
function start(): void {
  const url = network.host().url.replace(/^http/, "ws");
  const events = new JetstreamSubscription({ url, wantedCollections: [POST], cursor: 0 })[
    Symbol.asyncIterator
  ]();
  stops.push(() => void events.return?.());
  const stream = { [Symbol.asyncIterator]: () => events };
  void runBot(network.agent("dicebot"), stream, (text) => rollDice(text, () => 0.5));
}

/** The bot's posts, newest first, once there are so many. */
async function posted(count: number): Promise<AppBskyFeedPost.Record[]> {
  const { did } = network.agent("dicebot").session ?? {};
  for (let n = 0; n < count; n++) {
    await network
      .firehose()
      .record(({ collection, uri }) => collection === POST && uri.includes(String(did)));
  }
  await network.settle();
  const { data } = await network.agent("dicebot").getAuthorFeed({ actor: "dicebot.test" });
  return data.feed.map(({ post }) => post.record as AppBskyFeedPost.Record);
}

test("answers a mention, in its thread", async () => {
  const { posts } = await network.seed({
    accounts: [{ name: "dicebot" }, { name: "alice" }],
    posts: [
      { id: "root", by: "alice", text: "Who pays for the coffee?" },
      { id: "asked", by: "alice", text: "@dicebot 2d6 please", replyTo: "root" },
    ],
  });
  start();
  const [answer] = await posted(1);
  assert.equal(answer?.text, "You rolled 4 + 4 = 8.");
  assert.equal(answer?.reply?.parent.uri, posts.get("asked")?.uri);
  assert.equal(answer?.reply?.root.uri, posts.get("root")?.uri);
});

test("answers each mention once, also after a restart, and only those that ask for dice", async () => {
  const accounts = [{ name: "dicebot" }, { name: "alice" }];
  await network.seed({ accounts, posts: [{ by: "alice", text: "@dicebot 1d20" }] });
  start();
  await posted(1);
  for (const stop of stops.splice(0)) stop();
  // A second bot knows nothing of the first.
  start();
  for (const text of ["@dicebot how are you?", "2d6 is a nice name for a cat", "@dicebot 1d4"]) {
    await network.agent("alice").post({ text, facets: await mention(text) });
  }
  await network.firehose().until((event) => JSON.stringify(event).includes("You rolled 3."));
  assert.deepEqual(
    (await posted(1)).map(({ text }) => text),
    ["You rolled 3.", "You rolled 11."],
  );
});

test("goes on after its session has expired, and after the host was killed", async () => {
  const accounts = [{ name: "dicebot" }, { name: "alice" }];
  await network.seed({ accounts, posts: [{ by: "alice", text: "@dicebot 1d6" }] });
  start();
  await posted(1);
  await network.clock.advance("3h");
  await network.crash();
  const text = "@dicebot 1d10";
  await network.agent("alice").post({ text, facets: await mention(text) });
  await network.firehose().until((event) => JSON.stringify(event).includes("You rolled 6."));
  assert.equal((await posted(1)).length, 2);
});

/** The facet of a text that begins with the bot's name. */
async function mention(text: string): Promise<AppBskyFeedPost.Record["facets"]> {
  if (!text.startsWith("@dicebot")) return [];
  const { data } = await network.agent("alice").resolveHandle({ handle: "dicebot.test" });
  const feature = { $type: "app.bsky.richtext.facet#mention" as const, did: data.did };
  return [{ index: { byteStart: 0, byteEnd: "@dicebot".length }, features: [feature] }];
}
