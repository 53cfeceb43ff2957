/**
 * A community, written down: who is there, who follows whom, who said what. The same words make the demo, a test's
 * network, and what `npx atoll dev-network --seed file.json` reads. Names are short (`alice`); handles follow from the host.
 */

export interface Seed {
  accounts?: SeedAccount[];
  /** Who follows whom: `{ alice: ["bob"] }`. */
  follows?: Record<string, string[]>;
  posts?: SeedPost[];
  /** Any other records, of any lexicon. */
  records?: SeedRecord[];
}

export interface SeedAccount {
  /** The handle's first label: 3 to 18 letters, digits or dashes. */
  name: string;
  displayName?: string;
  description?: string;
  /** A picture drawn from the name. */
  avatar?: boolean;
  /** Default: `<name>-password`. */
  password?: string;
  /** In a test's network of several hosts: where the account lives. Default: the first one. */
  host?: string;
}

export interface SeedPost {
  /** By which later posts refer to this one. */
  id?: string;
  by: string;
  /** `@name`, `#tag` and links become facets. At most 300 characters. */
  text: string;
  /** When it was written, counted back from the moment of planting. Default: just before, in order. */
  minutesAgo?: number;
  /** The `id` of an earlier post. */
  replyTo?: string;
  /** The `id` of an earlier post. */
  quote?: string;
  /** At most four, each drawn from its text. */
  images?: { alt: string }[];
  likedBy?: string[];
  repostedBy?: string[];
}

export interface SeedRecord {
  by: string;
  collection: string;
  /** Default: a TID. */
  rkey?: string;
  record: Record<string, unknown>;
}

/** What is wrong with a seed, and where: shown as it is. */
export class SeedError extends Error {
  override name = "SeedError";
}

const KEYS = {
  seed: ["accounts", "follows", "posts", "records"],
  account: ["name", "displayName", "description", "avatar", "password", "host"],
  post: ["id", "by", "text", "minutesAgo", "replyTo", "quote", "images", "likedBy", "repostedBy"],
  record: ["by", "collection", "rkey", "record"],
} as const;

/**
 * Checks that every name and id refers to something, so that a typo is found before anything is written. `known`: accounts
 * that are there already. Throws a `SeedError`.
 */
export function checkSeed(seed: Seed, known: readonly string[] = []): void {
  checkKeys(seed, KEYS.seed, "the seed");
  const names = new Set(known);
  for (const [i, account] of (seed.accounts ?? []).entries()) {
    checkKeys(account, KEYS.account, `accounts[${i}]`);
    if (!/^[a-z0-9][a-z0-9-]{1,16}[a-z0-9]$/.test(account.name)) {
      throw new SeedError(
        `accounts[${i}].name ${JSON.stringify(account.name)}: 3 to 18 of a-z, 0-9 and dashes`,
      );
    }
    names.add(account.name);
  }
  const isName = (name: string, where: string) => checkKnown(name, names, "account", where);
  for (const [name, followed] of Object.entries(seed.follows ?? {})) {
    isName(name, "follows");
    for (const other of followed) isName(other, `follows.${name}`);
  }
  checkPosts(seed.posts ?? [], isName);
  for (const [i, record] of (seed.records ?? []).entries()) {
    checkKeys(record, KEYS.record, `records[${i}]`);
    isName(record.by, `records[${i}].by`);
  }
}

function checkPosts(posts: SeedPost[], isName: (name: string, where: string) => void): void {
  const ids = new Set<string>();
  for (const [i, post] of posts.entries()) {
    const where = `posts[${i}]`;
    checkKeys(post, KEYS.post, where);
    isName(post.by, `${where}.by`);
    if (typeof post.text !== "string") throw new SeedError(`${where}.text is missing`);
    for (const name of post.likedBy ?? []) isName(name, `${where}.likedBy`);
    for (const name of post.repostedBy ?? []) isName(name, `${where}.repostedBy`);
    if (post.replyTo !== undefined) checkKnown(post.replyTo, ids, "earlier post", `${where}.replyTo`);
    if (post.quote !== undefined) checkKnown(post.quote, ids, "earlier post", `${where}.quote`);
    if (post.id === undefined) continue;
    if (ids.has(post.id)) throw new SeedError(`${where}.id ${JSON.stringify(post.id)} is used twice`);
    ids.add(post.id);
  }
}

function checkKeys(value: object, allowed: readonly string[], where: string): void {
  if (typeof value !== "object" || value === null) throw new SeedError(`${where} is not an object`);
  for (const key of Object.keys(value)) checkKnown(key, new Set(allowed), "field", where);
}

function checkKnown(given: string, known: ReadonlySet<string>, what: string, where: string): void {
  if (known.has(given)) return;
  const near = nearest(given, known);
  const hint = near === undefined ? "" : ` Did you mean ${JSON.stringify(near)}?`;
  throw new SeedError(`${where}: there is no ${what} ${JSON.stringify(given)}.${hint}`);
}

/** What was probably meant. */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  return [...known].find((name) => distance(name, given) <= 2);
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
