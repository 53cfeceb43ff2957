/**
 * Creates a seed's community on a running host, through public XRPC. Every record's key is derived from the
 * seed, so that planting again, or after an interruption, adds only what is missing.
 */
import { tidFromMicros } from "../../src/protocol/tid.ts";
import { markUp } from "./facets.ts";
import { drawPicture } from "./picture.ts";
import { checkSeed } from "./check.ts";
import { SeedError, type Seed, type SeedAccount, type SeedPost } from "./seed.ts";

/** A signed-in member. `call` runs one XRPC method: a procedure if there is an input, else a query. */
export interface Member {
  did: string;
  handle: string;
  call(
    nsid: string,
    given: { params?: Record<string, unknown>; input?: unknown; type?: string },
  ): Promise<unknown>;
}

export interface Host {
  /** Signs up, or signs in if the account exists already. */
  member(account: SeedAccount): Promise<{ member: Member; isNew: boolean }>;
}

export interface Planted {
  members: Map<string, Member>;
  /** How many accounts existed before. */
  found: number;
  /** Posts by the seed's ids. */
  posts: Map<string, StrongRef>;
}

export interface StrongRef {
  uri: string;
  cid: string;
}

export interface PlantOptions {
  /** Signed-in members that the seed may name without listing them. */
  members?: Map<string, Member>;
  /** Called after each step, with the number of steps done and the total. */
  onProgress?: (done: number, all: number, what: string) => void;
  /**
   * The moment of planting, in milliseconds of the Unix epoch. Default: the first planting's, or else now.
   */
  now?: number;
}

/** Concurrent requests. */
const AT_ONCE = 8;

/**
 * Throws a `SeedError` before anything is written if the seed is inconsistent; later, one that names the part
 * that failed.
 */
export async function plant(seed: Seed, host: Host, options: PlantOptions = {}): Promise<Planted> {
  checkSeed(seed, [...(options.members?.keys() ?? [])]);
  return new Planting(seed, host, options).run();
}

class Planting {
  readonly #seed: Seed;
  readonly #host: Host;
  readonly #options: PlantOptions;
  readonly #members: Map<string, Member>;
  readonly #refs = new Map<SeedPost, StrongRef>();
  readonly #posts = new Map<string, StrongRef>();
  /** `at://` addresses of existing records, with their CIDs, for the accounts that were found. */
  readonly #there = new Map<string, string>();
  #found = 0;
  #done = 0;
  #now: number;

  constructor(seed: Seed, host: Host, options: PlantOptions) {
    this.#seed = seed;
    this.#host = host;
    this.#options = options;
    this.#members = new Map(options.members);
    this.#now = options.now ?? Date.now();
  }

  async run(): Promise<Planted> {
    const { accounts = [], follows = {}, posts = [], records = [] } = this.#seed;
    const account = (_: SeedAccount, i: number) => `accounts[${i}]`;
    const post = (which: SeedPost) => `posts[${this.#indexOf(which)}]`;
    await this.#each(accounts, "Accounts", account, (each) => this.#account(each));
    this.#now = this.#options.now ?? (await this.#firstPlanting()) ?? this.#now;
    await this.#each(accounts, "Profiles", account, (each) => this.#profile(each));
    const follow = ([name]: [string, string[]]) => `follows.${name}`;
    await this.#each(Object.entries(follows), "Follows", follow, ([name, others]) =>
      this.#follows(name, others),
    );
    for (const wave of waves(posts)) await this.#each(wave, "Posts", post, (each) => this.#post(each));
    await this.#each(posts, "Likes and reposts", post, (each) => this.#echoes(each));
    const record = (_: unknown, i: number) => `records[${i}]`;
    await this.#each(records, "Records", record, async ({ by, collection, rkey, record: value }, i) => {
      await this.#put(by, collection, rkey ?? this.#key(this.#now, i), { $type: collection, ...value });
    });
    return { members: this.#members, found: this.#found, posts: this.#posts };
  }

  /** The total number of steps, up to which `onProgress` counts. */
  #all(): number {
    const { accounts = [], follows = {}, posts = [], records = [] } = this.#seed;
    return accounts.length * 2 + Object.keys(follows).length + posts.length * 2 + records.length;
  }

  /** Runs `work` on all items. `where` names an item in an error. */
  async #each<Item>(
    items: Item[],
    what: string,
    where: (item: Item, index: number) => string,
    work: (item: Item, index: number) => Promise<void>,
  ): Promise<void> {
    const queue = items.entries();
    const worker = async () => {
      for (const [index, item] of queue) {
        try {
          await work(item, index);
        } catch (thrown) {
          const why = thrown instanceof Error ? thrown.message : String(thrown);
          throw new SeedError(`${where(item, index)}: ${why}`, { cause: thrown });
        }
        this.#done++;
        this.#options.onProgress?.(this.#done, this.#all(), what);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async #account(account: SeedAccount): Promise<void> {
    const { member, isNew } = await this.#host.member(account);
    this.#members.set(account.name, member);
    if (isNew) return;
    this.#found++;
    const collections = new Set([
      "app.bsky.actor.profile",
      "app.bsky.graph.follow",
      "app.bsky.feed.post",
      "app.bsky.feed.like",
      "app.bsky.feed.repost",
    ]);
    for (const record of this.#seed.records ?? []) collections.add(record.collection);
    for (const collection of collections) await this.#list(member, collection);
  }

  async #list(member: Member, collection: string): Promise<void> {
    let cursor: string | undefined;
    do {
      const params = {
        repo: member.did,
        collection,
        limit: 100,
        ...(cursor === undefined ? {} : { cursor }),
      };
      const page = (await member.call("com.atproto.repo.listRecords", { params })) as {
        cursor?: string;
        records: StrongRef[];
      };
      for (const { uri, cid } of page.records) this.#there.set(uri, cid);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /**
   * When the first account was planted, according to its profile; null if it was not. Later plantings count
   * from the same moment.
   */
  async #firstPlanting(): Promise<number | null> {
    const first = this.#members.get(this.#seed.accounts?.[0]?.name ?? "");
    if (first === undefined) return null;
    const uri = `at://${first.did}/app.bsky.actor.profile/self`;
    if (!this.#there.has(uri)) return null;
    const params = { repo: first.did, collection: "app.bsky.actor.profile", rkey: "self" };
    const { value } = (await first.call("com.atproto.repo.getRecord", { params })) as {
      value: { createdAt?: string };
    };
    return value.createdAt === undefined ? null : Date.parse(value.createdAt);
  }

  async #profile({ name, displayName, description, avatar }: SeedAccount): Promise<void> {
    if (displayName === undefined && description === undefined && avatar !== true) return;
    const member = this.#member(name);
    if (this.#there.has(`at://${member.did}/app.bsky.actor.profile/self`)) return;
    await this.#put(name, "app.bsky.actor.profile", "self", {
      $type: "app.bsky.actor.profile",
      ...(displayName === undefined ? {} : { displayName }),
      ...(description === undefined ? {} : { description }),
      ...(avatar === true ? { avatar: await this.#upload(member, name, 256, 256) } : {}),
      createdAt: new Date(this.#now).toISOString(),
    });
  }

  async #follows(name: string, others: string[]): Promise<void> {
    // Each member follows at a different moment. If two followed one account at the same moment, their
    // records would be equal, with the same CID, and pages of followers are cut by time and CID.
    const at = this.#now - Object.keys(this.#seed.follows ?? {}).indexOf(name);
    const writes = others.map((other, i) => ({
      rkey: this.#key(this.#now, i),
      value: {
        $type: "app.bsky.graph.follow",
        subject: this.#member(other).did,
        createdAt: new Date(at).toISOString(),
      },
    }));
    await this.#create(name, "app.bsky.graph.follow", writes);
  }

  async #post(post: SeedPost): Promise<void> {
    const member = this.#member(post.by);
    const at = this.#timeOf(post);
    const { text, facets } = markUp(post.text, (name) => this.#members.get(name));
    const reply = this.#replyRef(post);
    const embed = await this.#embed(member, post);
    const ref = await this.#put(post.by, "app.bsky.feed.post", this.#key(at, this.#indexOf(post)), {
      $type: "app.bsky.feed.post",
      text,
      ...(facets.length === 0 ? {} : { facets }),
      ...(reply === undefined ? {} : { reply }),
      ...(embed === undefined ? {} : { embed }),
      langs: ["en"],
      createdAt: new Date(at).toISOString(),
    });
    this.#refs.set(post, ref);
    if (post.id !== undefined) this.#posts.set(post.id, ref);
  }

  #replyRef(post: SeedPost): { root: StrongRef; parent: StrongRef } | undefined {
    if (post.replyTo === undefined) return undefined;
    let root = post;
    while (root.replyTo !== undefined) root = this.#byId(root.replyTo);
    return { root: this.#ref(root), parent: this.#ref(this.#byId(post.replyTo)) };
  }

  async #embed(member: Member, post: SeedPost): Promise<Record<string, unknown> | undefined> {
    const images = await Promise.all(
      (post.images ?? []).map(async ({ alt }) => ({
        alt,
        image: await this.#upload(member, alt, 600, 400),
        aspectRatio: { width: 600, height: 400 },
      })),
    );
    const media = images.length === 0 ? undefined : { $type: "app.bsky.embed.images", images };
    if (post.quote === undefined) return media;
    const record = this.#ref(this.#byId(post.quote));
    if (media === undefined) return { $type: "app.bsky.embed.record", record };
    return {
      $type: "app.bsky.embed.recordWithMedia",
      record: { $type: "app.bsky.embed.record", record },
      media,
    };
  }

  async #echoes(post: SeedPost): Promise<void> {
    const at = this.#timeOf(post);
    const kinds = [
      ["app.bsky.feed.like", post.likedBy ?? []],
      ["app.bsky.feed.repost", post.repostedBy ?? []],
    ] as const;
    for (const [collection, names] of kinds) {
      for (const [i, name] of names.entries()) {
        // Some minutes after the post, one after the other: none in the future, no two at once.
        const when = Math.min(at + (i + 1) * 90_000, this.#now - names.length + i);
        await this.#create(name, collection, [
          {
            rkey: this.#key(at + (i + 1) * 90_000, this.#indexOf(post)),
            value: { $type: collection, subject: this.#ref(post), createdAt: new Date(when).toISOString() },
          },
        ]);
      }
    }
  }

  /** Creates the missing records, in one commit. */
  async #create(
    name: string,
    collection: string,
    records: { rkey: string; value: Record<string, unknown> }[],
  ): Promise<void> {
    const member = this.#member(name);
    const { did } = member;
    const missing = records.filter(({ rkey }) => !this.#there.has(`at://${did}/${collection}/${rkey}`));
    if (missing.length === 0) return;
    const writes = missing.map(({ rkey, value }) => ({
      $type: "com.atproto.repo.applyWrites#create",
      collection,
      rkey,
      value,
    }));
    await member.call("com.atproto.repo.applyWrites", { input: { repo: did, writes } });
  }

  async #put(
    name: string,
    collection: string,
    rkey: string,
    record: Record<string, unknown>,
  ): Promise<StrongRef> {
    const member = this.#member(name);
    const { did } = member;
    const address = `at://${did}/${collection}/${rkey}`;
    const there = this.#there.get(address);
    if (there !== undefined) return { uri: address, cid: there };
    const input = { repo: did, collection, rkey, record };
    // The answer holds more (the commit), which references to this record must not carry along.
    const { uri, cid } = (await member.call("com.atproto.repo.createRecord", { input })) as StrongRef;
    return { uri, cid };
  }

  async #upload(member: Member, text: string, width: number, height: number): Promise<unknown> {
    const { bytes } = drawPicture(text, width, height);
    const answer = await member.call("com.atproto.repo.uploadBlob", { input: bytes, type: "image/png" });
    return (answer as { blob: unknown }).blob;
  }

  #timeOf(post: SeedPost): number {
    const posts = this.#seed.posts ?? [];
    // Posts without a time of their own are a second apart, and the last is a second old.
    if (post.minutesAgo === undefined) return this.#now - (posts.length - this.#indexOf(post)) * 1000;
    return this.#now - post.minutesAgo * 60_000;
  }

  /** A TID. The index goes into the microseconds, so that two records of one moment differ. */
  #key(at: number, index: number): string {
    return tidFromMicros(at * 1000 + (index % 1000), 0);
  }

  #indexOf(post: SeedPost): number {
    return this.#seed.posts?.indexOf(post) ?? 0;
  }

  #byId(id: string): SeedPost {
    return found(
      this.#seed.posts?.find((post) => post.id === id),
      id,
    );
  }

  #ref(post: SeedPost): StrongRef {
    return found(this.#refs.get(post), post.id ?? post.text);
  }

  #member(name: string): Member {
    return found(this.#members.get(name), name);
  }
}

/** Asserts what `checkSeed` has verified. */
function found<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`the seed has no ${what}`);
  return value;
}

/** Groups posts so that each refers only to posts in earlier groups. */
function waves(posts: SeedPost[]): SeedPost[][] {
  const depth = new Map<string, number>();
  const groups: SeedPost[][] = [];
  for (const post of posts) {
    const below = [post.replyTo, post.quote].map((id) => (id === undefined ? -1 : (depth.get(id) ?? -1)));
    const own = Math.max(...below) + 1;
    if (post.id !== undefined) depth.set(post.id, own);
    (groups[own] ??= []).push(post);
  }
  return groups;
}
