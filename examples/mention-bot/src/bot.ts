/** A bot that answers each mention by a member of its host exactly once, in its thread, even across crashes. */
import type { JetstreamEvent } from "@atcute/jetstream";
import type { AppBskyFeedPost, AtpAgent } from "@atproto/api";

export const POST = "app.bsky.feed.post";

/** The bot's answer to a text; null for none. */
export type Reply = (text: string) => string | null;

/** Answers the mentions among a host's events, until they end. */
export async function runBot(
  agent: AtpAgent,
  events: AsyncIterable<JetstreamEvent>,
  reply: Reply,
): Promise<void> {
  for await (const event of events) {
    if (event.kind !== "commit" || event.commit.operation !== "create") continue;
    const { collection, rkey, cid } = event.commit;
    const post = event.commit.record as unknown as AppBskyFeedPost.Record;
    const isMention = JSON.stringify(post.facets ?? []).includes(`"${agent.assertDid}"`);
    const text = collection === POST && isMention ? reply(post.text) : null;
    if (text === null) continue;
    const parent = { uri: `at://${event.did}/${POST}/${rkey}`, cid };
    const answer = {
      text,
      reply: { root: post.reply?.root ?? parent, parent },
      createdAt: new Date().toISOString(),
    };
    // Under the mention's own key, so that the host refuses a second answer.
    const input = { repo: agent.assertDid, collection: POST, rkey, record: { $type: POST, ...answer } };
    await agent.com.atproto.repo.createRecord(input).catch((thrown: { error?: string }) => {
      if (thrown.error !== "RecordAlreadyExists") throw thrown;
    });
  }
}

/** Rolls the requested dice: "2d6" gives two numbers from 1 to 6, and their sum. */
export function rollDice(text: string, random: () => number = Math.random): string | null {
  const [, count = "", sides = ""] = /\b(\d{1,2})d(\d{1,3})\b/.exec(text) ?? [];
  if (Number(count) < 1 || Number(sides) < 2) return null;
  const rolled = Array.from({ length: Number(count) }, () => 1 + Math.floor(random() * Number(sides)));
  const sum = rolled.reduce((a, b) => a + b, 0);
  return rolled.length === 1 ? `You rolled ${sum}.` : `You rolled ${rolled.join(" + ")} = ${sum}.`;
}
