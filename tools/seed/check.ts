/** Checks that a seed is consistent. It may come from a JSON file, so nothing about its form is assumed. */
import { hint } from "./nearest.ts";
import { SeedError, type Seed, type SeedPost } from "./seed.ts";

type Kind = "text" | "number" | "list" | "object" | "flag";

/** The known fields of each form, with their types. */
const FIELDS = {
  seed: { accounts: "list", follows: "object", posts: "list", records: "list" },
  account: {
    name: "text",
    displayName: "text",
    description: "text",
    avatar: "flag",
    password: "text",
    host: "text",
  },
  post: {
    id: "text",
    by: "text",
    text: "text",
    minutesAgo: "number",
    replyTo: "text",
    quote: "text",
    images: "list",
    likedBy: "list",
    repostedBy: "list",
  },
  image: { alt: "text" },
  record: { by: "text", collection: "text", rkey: "text", record: "object" },
} satisfies Record<string, Record<string, Kind>>;

const WANTED: Record<Kind, string> = {
  text: "a text",
  number: "a number",
  list: "a list",
  object: "an object",
  flag: "true or nothing (the picture is drawn from the name)",
};

const REQUIRED: Partial<Record<keyof typeof FIELDS, string[]>> = {
  account: ["name"],
  post: ["by", "text"],
  image: ["alt"],
  record: ["by", "collection", "record"],
};

/** The first label of a handle that hosts give out. */
const NAME = /^[a-z0-9][a-z0-9-]{1,16}[a-z0-9]$/;

const IMAGES = 4;

/**
 * Checks the form, and that every name and id refers to something, so that a typo is found before anything is
 * written. `known` lists accounts that exist already. Throws a `SeedError`.
 */
export function checkSeed(seed: Seed, known: readonly string[] = []): void {
  checkForm(seed, "seed", "the seed");
  const names = checkAccounts(seed, known);
  const isName = (name: string, where: string) => checkKnown(name, names, "account", where);
  for (const [name, followed] of Object.entries(seed.follows ?? {})) {
    isName(name, "follows");
    checkNames(followed, isName, `follows.${name}`);
  }
  checkPosts(seed.posts ?? [], isName);
  for (const [i, record] of (seed.records ?? []).entries()) {
    checkForm(record, "record", `records[${i}]`);
    isName(record.by, `records[${i}].by`);
  }
}

/** Checks the accounts, and returns the names that the rest of the seed may use. */
function checkAccounts({ accounts = [] }: Seed, known: readonly string[]): Set<string> {
  const names = new Set<string>();
  for (const [i, account] of accounts.entries()) {
    checkForm(account, "account", `accounts[${i}]`);
    const name = JSON.stringify(account.name);
    if (!NAME.test(account.name)) {
      throw new SeedError(`accounts[${i}].name ${name}: 3 to 18 of a-z, 0-9 and dashes, none at its ends`);
    }
    if (names.has(account.name)) throw new SeedError(`accounts[${i}].name ${name} is there twice`);
    names.add(account.name);
  }
  for (const name of known) names.add(name);
  return names;
}

function checkPosts(posts: SeedPost[], isName: (name: string, where: string) => void): void {
  const ids = new Set<string>();
  for (const [i, post] of posts.entries()) {
    const where = `posts[${i}]`;
    checkForm(post, "post", where);
    isName(post.by, `${where}.by`);
    checkNames(post.likedBy ?? [], isName, `${where}.likedBy`);
    checkNames(post.repostedBy ?? [], isName, `${where}.repostedBy`);
    if (post.replyTo !== undefined) checkKnown(post.replyTo, ids, "earlier post", `${where}.replyTo`);
    if (post.quote !== undefined) checkKnown(post.quote, ids, "earlier post", `${where}.quote`);
    for (const [n, image] of (post.images ?? []).entries()) {
      if (typeof image !== "object") {
        throw new SeedError(
          `${where}.images[${n}]: {"alt": "a boat"} is wanted; the picture is drawn from it`,
        );
      }
      checkForm(image, "image", `${where}.images[${n}]`);
    }
    if ((post.images ?? []).length > IMAGES) throw new SeedError(`${where}.images: at most ${IMAGES}`);
    if (post.id === undefined) continue;
    if (ids.has(post.id)) throw new SeedError(`${where}.id ${JSON.stringify(post.id)} is used twice`);
    ids.add(post.id);
  }
}

function checkNames(names: unknown, isName: (name: string, where: string) => void, where: string): void {
  if (!Array.isArray(names)) throw wanted("list", names, where);
  for (const name of names) isName(String(name), where);
}

/** Checks that `value` is an object of known fields, each of its type, with none missing. */
function checkForm(value: object, form: keyof typeof FIELDS, where: string): void {
  if (!isOf("object", value)) throw wanted("object", value, where);
  const fields = new Map<string, Kind>(Object.entries(FIELDS[form]));
  for (const [key, given] of Object.entries(value) as [string, unknown][]) {
    checkKnown(key, fields, "field", where);
    const kind = fields.get(key);
    const at = form === "seed" ? key : `${where}.${key}`;
    if (given !== undefined && kind !== undefined && !isOf(kind, given)) throw wanted(kind, given, at);
  }
  for (const key of REQUIRED[form] ?? []) {
    if ((value as Record<string, unknown>)[key] === undefined)
      throw new SeedError(`${where}.${key} is missing`);
  }
}

function isOf(kind: Kind, value: unknown): boolean {
  if (kind === "list") return Array.isArray(value);
  if (kind === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  if (kind === "number") return typeof value === "number" && Number.isFinite(value);
  return typeof value === (kind === "flag" ? "boolean" : "string");
}

function wanted(kind: Kind, given: unknown, where: string): SeedError {
  return new SeedError(`${where}: ${WANTED[kind]} is wanted, not ${JSON.stringify(given)?.slice(0, 60)}`);
}

function checkKnown(
  given: string,
  known: ReadonlySet<string> | ReadonlyMap<string, unknown>,
  what: string,
  where: string,
): void {
  if (known.has(given)) return;
  const near = hint(given, known.keys());
  throw new SeedError(`${where}: there is no ${what} ${JSON.stringify(given)}.${near}`);
}
