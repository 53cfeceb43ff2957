/**
 * Generates a community from a seed: its members, follows, posts and likes. Popularity and diligence follow
 * power laws, as they do among people. The same seed and size give the same community.
 */
import { createHash } from "node:crypto";
import { CODEC_DCBOR, fromDigest, toString } from "@atcute/cid";
import { encode } from "@atcute/cbor";
import { EPOCH_MS, seededRandom, sentence, tidAt } from "../records.ts";

/** Means per member. */
export const MEAN = { follows: 100, posts: 20, likes: 100, reposts: 5 };

const SPAN_MS = 90 * 24 * 3600 * 1000;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

export interface Subject {
  uri: string;
  cid: string;
}

/** An encoded record, ready for a commit. */
export interface Made {
  /** `collection/rkey` */
  path: string;
  bytes: Uint8Array;
  cid: string;
}

export interface GeneratedMember {
  did: string;
  handle: string;
}

export function recordOf(path: string, record: unknown): Made {
  const bytes = encode(record);
  const cid = toString(fromDigest(CODEC_DCBOR, createHash("sha256").update(bytes).digest()));
  return { path, bytes, cid };
}

function didOf(seed: number, index: number): string {
  let text = "";
  for (const byte of createHash("sha256").update(`${seed} ${index}`).digest().subarray(0, 24)) {
    text += BASE32.charAt(byte & 31);
  }
  return `did:plc:${text}`;
}

/** Weights `(rank + 10)^-exponent`, in a shuffled order. */
function powerLaw(random: () => number, count: number, exponent: number): Float64Array {
  const weights = Float64Array.from({ length: count }, (_, rank) => (rank + 10) ** -exponent);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const kept = weights[i] ?? 0;
    weights[i] = weights[j] ?? 0;
    weights[j] = kept;
  }
  return weights;
}

/** Draws indices in proportion to their weights. */
export class Draw {
  readonly #sums: Float64Array;
  readonly #random: () => number;

  constructor(weights: Float64Array, random: () => number) {
    let sum = 0;
    this.#sums = weights.map((weight) => (sum += weight));
    this.#random = random;
  }

  next(): number {
    const wanted = this.#random() * (this.#sums.at(-1) ?? 0);
    let low = 0;
    let high = this.#sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const iso = (ms: number) => new Date(ms).toISOString();

export class Community {
  readonly size: number;
  readonly members: GeneratedMember[];
  /** Draws members by popularity, for follows and likes. */
  readonly popular: Draw;
  readonly #diligent: Draw;
  readonly #random: () => number;
  /** All posts, oldest first. */
  readonly posts: Subject[] = [];
  readonly #authors: number[] = [];
  readonly #roots: number[] = [];
  readonly #records: (() => Made)[][];
  #clock = 0;

  constructor(size: number, seed: number) {
    this.size = size;
    this.#random = seededRandom(seed);
    this.members = Array.from({ length: size }, (_, i) => ({
      did: didOf(seed, i),
      handle: `member${i}.test`,
    }));
    this.popular = new Draw(powerLaw(this.#random, size, 0.8), this.#random);
    this.#diligent = new Draw(powerLaw(this.#random, size, 0.7), this.#random);
    this.#records = this.members.map(() => []);
  }

  /** Profiles and posts, member by member. Call it once, and before `reactions`. */
  writings(): Generator<Made[]> {
    this.members.forEach((_, i) => this.#put(i, "app.bsky.actor.profile", "self", this.#profile(i)));
    const count = this.size * MEAN.posts;
    for (let number = 0; number < count; number++) this.#post(number, EPOCH_MS + (SPAN_MS * number) / count);
    return this.#taken();
  }

  /**
   * Follows, likes and reposts, member by member. They include follows and likes of `guests`, the real
   * members.
   */
  reactions(guests: readonly { did: string; posts: readonly Subject[] }[]): Generator<Made[]> {
    this.#follows();
    for (let i = this.size * MEAN.likes; i > 0; i--) this.#react("app.bsky.feed.like", this.#likedPost());
    for (let i = this.size * MEAN.reposts; i > 0; i--) this.#react("app.bsky.feed.repost", this.#likedPost());
    for (const guest of guests) {
      for (let i = 0; i < Math.min(this.size, MEAN.follows); i++) this.#follow(i, guest.did);
      for (const post of guest.posts) {
        for (let i = 0; i < 20; i++) this.#reactTo("app.bsky.feed.like", this.#diligent.next(), post);
      }
    }
    return this.#taken();
  }

  /** Encodes records one member at a time: encoding two million at once would block everything else. */
  *#taken(): Generator<Made[]> {
    for (const records of this.#records) yield records.splice(0).map((make) => make());
  }

  #put(member: number, collection: string, rkey: string, record: Record<string, unknown>): void {
    this.#records[member]?.push(() => recordOf(`${collection}/${rkey}`, { $type: collection, ...record }));
  }

  /** A random time in the span, and a unique record key. */
  #moment(): { createdAt: string; rkey: string } {
    const ms = EPOCH_MS + SPAN_MS * this.#random();
    return { createdAt: iso(ms), rkey: tidAt(ms, this.#clock++) };
  }

  #profile(i: number): Record<string, unknown> {
    return {
      displayName: `${sentence(this.#random, 8)} ${i}`,
      description: sentence(this.#random, 90),
      createdAt: iso(EPOCH_MS),
    };
  }

  #post(number: number, ms: number): void {
    const author = this.#diligent.next();
    const kind = this.#random();
    const text = sentence(this.#random, 20 + 180 * this.#random());
    const record: Record<string, unknown> = { text, langs: ["en"], createdAt: iso(ms) };
    let root = number;
    if (kind < 0.35 && number > 100) root = this.#asReply(number, record);
    else if (kind < 0.4 && number > 100) this.#asQuote(number, record);
    else if (kind < 0.5) record["embed"] = this.#image(number);
    else if (kind < 0.55) this.#mention(record, text);
    // Encoded now, since other records will refer to its CID.
    const made = recordOf(`app.bsky.feed.post/${tidAt(ms, number)}`, {
      $type: "app.bsky.feed.post",
      ...record,
    });
    this.#records[author]?.push(() => made);
    this.posts.push({ uri: `at://${this.members[author]?.did}/${made.path}`, cid: made.cid });
    this.#authors.push(author);
    this.#roots.push(root);
  }

  /**
   * Makes the record a reply to one of the last 400 posts, more likely a newer one. Returns the root's
   * number.
   */
  #asReply(number: number, record: Record<string, unknown>): number {
    const parent = number - 1 - Math.floor(Math.min(number, 400) * this.#random() ** 3);
    const root = this.#roots[parent] ?? parent;
    record["reply"] = { root: this.posts[root], parent: this.posts[parent] };
    return root;
  }

  #asQuote(number: number, record: Record<string, unknown>): void {
    record["embed"] = {
      $type: "app.bsky.embed.record",
      record: this.posts[Math.floor(this.#random() * number)],
    };
  }

  #image(number: number): unknown {
    const digest = createHash("sha256").update(`image ${number}`).digest();
    const $link = toString(fromDigest(0x55, digest));
    const image = { $type: "blob", ref: { $link }, mimeType: "image/jpeg", size: 100_000 };
    return { $type: "app.bsky.embed.images", images: [{ alt: sentence(this.#random, 40), image }] };
  }

  #mention(record: Record<string, unknown>, text: string): void {
    const { did, handle } = this.members[this.popular.next()] ?? { did: "", handle: "" };
    record["text"] = `@${handle} ${text}`;
    const feature = { $type: "app.bsky.richtext.facet#mention", did };
    record["facets"] = [{ index: { byteStart: 0, byteEnd: handle.length + 1 }, features: [feature] }];
  }

  #follows(): void {
    const shares = powerLaw(this.#random, this.size, 0.6);
    const whole = shares.reduce((sum, share) => sum + share, 0);
    for (let member = 0; member < this.size; member++) {
      const wanted = Math.round(((shares[member] ?? 0) / whole) * this.size * MEAN.follows);
      const chosen = new Set<number>();
      for (let tries = 0; chosen.size < Math.min(wanted, this.size / 2) && tries < wanted * 4; tries++) {
        const other = this.popular.next();
        if (other !== member) chosen.add(other);
      }
      for (const other of chosen) this.#follow(member, this.members[other]?.did ?? "");
    }
  }

  #follow(member: number, subject: string): void {
    const { createdAt, rkey } = this.#moment();
    this.#put(member, "app.bsky.graph.follow", rkey, { subject, createdAt });
  }

  /** Draws a post to like, preferring those of popular members. */
  #likedPost(): number {
    const wanted = this.popular.next();
    const from = Math.floor(this.#random() * this.posts.length);
    for (let i = 0; i < 30; i++) {
      const post = (from + i) % this.posts.length;
      if (this.#authors[post] === wanted) return post;
    }
    return Math.floor(this.posts.length * this.#random() ** 2);
  }

  #react(collection: string, post: number): void {
    const subject = this.posts[post];
    if (subject !== undefined) this.#reactTo(collection, this.#diligent.next(), subject);
  }

  #reactTo(collection: string, member: number, subject: Subject): void {
    const { createdAt, rkey } = this.#moment();
    this.#put(member, collection, rkey, { subject, createdAt });
  }
}
