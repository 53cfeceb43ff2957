/** A bot that answers whoever mentions it: once, in the thread, whatever happens in between. */
import { type AppBskyFeedPost, type AtpAgent, RichText, XRPCError } from "@atproto/api";

/** What the bot has to say to a post; null: nothing. */
export type Reply = (post: { text: string; author: { handle: string } }) => string | null;

export class MentionBot {
  readonly #agent: AtpAgent;
  readonly #reply: Reply;

  constructor(agent: AtpAgent, reply: Reply) {
    this.#agent = agent;
    this.#reply = reply;
  }

  /** Answers what has come since the last look. Returns how many posts it wrote. */
  async look(): Promise<number> {
    const now = new Date().toISOString();
    const { data } = await this.#agent.listNotifications({ limit: 100, reasons: ["mention"] });
    let written = 0;
    for (const { uri, cid, record, author, isRead } of data.notifications.toReversed()) {
      if (isRead) continue;
      const post = record as AppBskyFeedPost.Record;
      const text = this.#reply({ text: post.text, author });
      if (text !== null && (await this.#answer({ uri, cid }, post, text))) written++;
    }
    await this.#agent.updateSeenNotifications(now);
    return written;
  }

  /** The answer's key is that of the mention: a second answer to one mention is refused by the host. */
  async #answer(
    parent: { uri: string; cid: string },
    to: AppBskyFeedPost.Record,
    text: string,
  ): Promise<boolean> {
    const richText = new RichText({ text });
    await richText.detectFacets(this.#agent);
    const record = {
      $type: "app.bsky.feed.post",
      text: richText.text,
      ...(richText.facets === undefined ? {} : { facets: richText.facets }),
      reply: { root: to.reply?.root ?? parent, parent },
      createdAt: new Date().toISOString(),
    };
    try {
      await this.#agent.com.atproto.repo.createRecord({
        repo: this.#agent.assertDid,
        collection: "app.bsky.feed.post",
        rkey: parent.uri.split("/").at(-1),
        record,
      });
      return true;
    } catch (thrown) {
      // Hosts that lack the error answer a taken key with a 500.
      if (thrown instanceof XRPCError && (thrown.error === "RecordAlreadyExists" || thrown.status === 500))
        return false;
      throw thrown;
    }
  }
}

/** Rolls the dice that are asked for: "2d6" gives two numbers from 1 to 6, and their sum. */
export function rollDice(text: string, random: () => number = Math.random): string | null {
  const [, count = "", sides = ""] = /\b(\d{1,2})d(\d{1,3})\b/.exec(text) ?? [];
  if (Number(count) < 1 || Number(sides) < 2) return null;
  const rolled = Array.from({ length: Number(count) }, () => 1 + Math.floor(random() * Number(sides)));
  const sum = rolled.reduce((a, b) => a + b, 0);
  return rolled.length === 1 ? `You rolled ${sum}.` : `You rolled ${rolled.join(" + ")} = ${sum}.`;
}
