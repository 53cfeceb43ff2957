import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { AppBskyFeedPost } from "@atproto/api";
import { createTestNetwork, type TestNetwork } from "atoll-host/testing";
import { MentionBot, rollDice } from "../src/bot.ts";

let network: TestNetwork;
before(async () => {
  network = await createTestNetwork();
});
after(() => network.dispose());
beforeEach(() => network.reset());

/** The bot's posts, newest first. */
async function posted(): Promise<AppBskyFeedPost.Record[]> {
  const { data } = await network.agent("dicebot").getAuthorFeed({ actor: "dicebot.test" });
  return data.feed.map(({ post }) => post.record as AppBskyFeedPost.Record);
}

const newBot = () => new MentionBot(network.agent("dicebot"), ({ text }) => rollDice(text, () => 0.5));

test("answers a mention, in its thread", async () => {
  const { posts } = await network.seed({
    accounts: [{ name: "dicebot" }, { name: "alice" }],
    posts: [
      { id: "root", by: "alice", text: "Who pays for the coffee?" },
      { id: "asked", by: "alice", text: "@dicebot 2d6 please", replyTo: "root" },
    ],
  });
  assert.equal(await newBot().look(), 1);
  const [answer] = await posted();
  assert.equal(answer?.text, "You rolled 4 + 4 = 8.");
  assert.equal(answer?.reply?.parent.uri, posts.get("asked")?.uri);
  assert.equal(answer?.reply?.root.uri, posts.get("root")?.uri);
});

test("answers each mention once, also after a restart", async () => {
  await network.seed({
    accounts: [{ name: "dicebot" }, { name: "alice" }],
    posts: [{ by: "alice", text: "@dicebot 1d20" }],
  });
  await newBot().look();
  // A second bot knows nothing of the first. The mention is even marked as unseen for it.
  await network.agent("dicebot").updateSeenNotifications("2020-01-01T00:00:00.000Z");
  assert.equal(await newBot().look(), 0);
  assert.equal((await posted()).length, 1);
});

test("stays silent where no dice are asked for, or it is not mentioned", async () => {
  await network.seed({
    accounts: [{ name: "dicebot" }, { name: "alice" }],
    posts: [
      { by: "alice", text: "@dicebot how are you?" },
      { by: "alice", text: "2d6 is a nice name for a cat" },
    ],
  });
  assert.equal(await newBot().look(), 0);
});

test("goes on after its session has expired", async () => {
  await network.seed({
    accounts: [{ name: "dicebot" }, { name: "alice" }],
    posts: [{ by: "alice", text: "@dicebot 1d6" }],
  });
  const bot = newBot();
  await network.clock.advance("3h");
  assert.equal(await bot.look(), 1);
});
