/** A bot that answers each mention exactly once, in its thread, even across crashes. */
import { type AppBskyFeedPost, type AtpAgent, RichText, XRPCError } from "@atproto/api";

/** The bot's answer to a post; null for none. */
export type Reply = (post: { text: string; author: { handle: string } }) => string | null;

export class MentionBot {
  readonly #agent: AtpAgent;
  readonly #reply: Reply;

  constructor(agent: AtpAgent, reply: Reply) {
    this.#agent = agent;
    this.#reply = reply;
  }

  /** Answers the unread mentions among the newest 100. Returns the number of posts written. */
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

  /**
   * Posts an answer under the mention's record key, so that the host refuses a second answer. False if it
   * did.
   */
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
      // Hosts without this error answer a used key with a 500.
      if (thrown instanceof XRPCError && (thrown.error === "RecordAlreadyExists" || thrown.status === 500))
        return false;
      throw thrown;
    }
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
