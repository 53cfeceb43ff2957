/** The feed's posts: those on the firehose with the given tag. */
import type { IdResolver } from "@atproto/identity";
import { type Event, Firehose } from "@atproto/sync";

const POST = "app.bsky.feed.post";
/** Number of posts to keep. A feed shows recent ones. */
const KEPT = 10_000;

export class TaggedPosts {
  readonly #tag: string;
  /** Oldest first. */
  readonly #posts = new Map<string, { did: string; at: number }>();

  constructor(tag: string) {
    this.#tag = tag.toLowerCase();
  }

  take(event: Event): void {
    if (event.event === "create" || event.event === "update") {
      const uri = event.uri.toString();
      this.#posts.delete(uri);
      if (event.collection === POST && this.#isTagged(event.record)) {
        this.#posts.set(uri, { did: event.did, at: event.seq });
        const [oldest] = this.#posts.keys();
        if (this.#posts.size > KEPT && oldest !== undefined) this.#posts.delete(oldest);
      }
    } else if (event.event === "delete") {
      this.#posts.delete(event.uri.toString());
    } else if (event.event === "account" && !event.active) {
      for (const [uri, { did }] of this.#posts) if (did === event.did) this.#posts.delete(uri);
    }
  }

  /** Up to `limit` posts, newest first, after `cursor`, without those by the DID `hidden`. */
  page(limit: number, cursor: number | undefined, hidden?: string): { uris: string[]; cursor?: string } {
    const newest = [...this.#posts].toReversed();
    const rest = newest.filter(([, { at, did }]) => (cursor === undefined || at < cursor) && did !== hidden);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    return {
      uris: page.map(([uri]) => uri),
      ...(last === undefined || rest.length <= limit ? {} : { cursor: String(last[1].at) }),
    };
  }

  /** Follows a firehose until the returned function is called. */
  follow(service: string, identities: IdResolver): () => Promise<void> {
    const firehose = new Firehose({
      service,
      idResolver: identities,
      filterCollections: [POST],
      getCursor: () => 0,
      handleEvent: async (event) => this.take(event),
      onError: (error) => console.error(error.message),
      subscriptionReconnectDelay: 100,
    });
    void firehose.start();
    return () => firehose.destroy();
  }

  #isTagged(record: unknown): boolean {
    const { facets = [] } = record as { facets?: { features?: { tag?: unknown }[] }[] };
    return facets.some(({ features = [] }) =>
      features.some(({ tag }) => typeof tag === "string" && tag.toLowerCase() === this.#tag),
    );
  }
}
