/** Adds to the facts of a member's view what other hosts have, where the index does not. */
import type { ResourceUri } from "@atcute/lexicons";
import { refsOf } from "../post-refs.ts";
import { GENERATOR, LIST, POST, STARTER_PACK, collectionOf, didOf, isPostUri } from "../uris.ts";
import type { ForeignRecord } from "./elsewhere.ts";
import type { Facts } from "./facts.ts";
import type { Wants } from "./hydration-needs.ts";
import { type PostRow, addPosts, selectPosts } from "./queries/posts.ts";
import { rowsOf } from "./script.ts";
import type { ViewContext } from "./view-context.ts";

/** Nothing here points at it, or it would be in the index: it counts nothing. */
const rowOf = ({ uri, did, cid, record, sort, indexed }: ForeignRecord): PostRow => ({
  ...refsOf(record),
  key: uri,
  asked: 1,
  uri,
  author: did,
  cid,
  record: JSON.stringify(record),
  sort,
  indexed,
  violates_gate: 0,
  violates_embed: 0,
  likes: 0,
  reposts: 0,
  replies: 0,
  quotes: 0,
  bookmarks: 0,
  tie: 0,
  tg_cid: null,
  tg_record: "",
  tg_sort: 0,
  tg_indexed: 0,
  pg_cid: null,
  pg_record: "",
  pg_sort: 0,
  pg_indexed: 0,
});

export function addForeign(facts: Facts, found: readonly ForeignRecord[]): void {
  addPosts(facts, found.filter(({ collection }) => collection === POST).map(rowOf));
  for (const record of found) {
    if (record.collection !== POST) facts.records.set(record.uri, { ...record, likes: 0, items: 0 });
  }
}

/** Looks up what is missing of these, in the index first if `isNews`: it has not been asked for them. */
async function look(
  { db, elsewhere }: ViewContext,
  facts: Facts,
  uris: readonly ResourceUri[],
  isNews = false,
): Promise<void> {
  const isMissing = (uri: string) => !facts.posts.has(uri) && !facts.records.has(uri);
  if (isNews) addPosts(facts, await rowsOf<PostRow>(db, selectPosts(db, uris, false)));
  const missing = uris.filter(isMissing);
  if (elsewhere === null || missing.length === 0) return;
  const { found, indexed } = await elsewhere.records(missing);
  addForeign(facts, found);
  if (indexed.length > 0) addPosts(facts, await rowsOf<PostRow>(db, selectPosts(db, indexed, false)));
}

/** The posts that these facts name and do not have: those quoted, and in a feed those answered. */
function namedIn(facts: Facts, feed: boolean): ResourceUri[] {
  const named = [...facts.posts.values()].flatMap(({ parent, root, quoted }) =>
    feed ? [quoted, parent, root] : [quoted],
  );
  return named.flatMap((uri) => (uri === null || facts.posts.has(uri) || !isPostUri(uri) ? [] : uri));
}

/** Quotes show quotes: two levels. */
const LEVELS = 2;

/** Posts that were asked for, and those that they name. */
export async function supplyPosts(
  reading: ViewContext,
  facts: Facts,
  asked: Iterable<string>,
  feed: boolean,
): Promise<void> {
  if (reading.elsewhere === null) return;
  const posts = [...asked].filter((uri): uri is ResourceUri => isPostUri(uri));
  await look(reading, facts, posts);
  for (let level = 0; level < LEVELS; level++) {
    const named = namedIn(facts, feed && level === 0);
    if (named.length === 0) return;
    await look(reading, facts, named, level > 0);
  }
}

/** How far up a thread is looked for, at most. */
const HEIGHT = 6;

/** The anchor of a thread, and the posts above it. */
export async function supplyThread(
  reading: ViewContext,
  facts: Facts,
  anchor: ResourceUri,
  height: number,
): Promise<void> {
  const { elsewhere } = reading;
  if (elsewhere === null || !isPostUri(anchor)) return;
  if (facts.posts.has(anchor)) elsewhere.stillThere(anchor);
  else await look(reading, facts, [anchor]);
  for (let step = 0; step < Math.min(height, HEIGHT); step++) {
    const missing = missingAbove(facts, anchor);
    if (missing.length === 0) break;
    const [first] = missing;
    await look(reading, facts, missing, true);
    if (first === undefined || !facts.posts.has(first)) break;
  }
  await supplyPosts(reading, facts, [], false);
}

/** The lowest post above the anchor that is missing, and the thread's first post if that is. */
function missingAbove(facts: Facts, anchor: ResourceUri): ResourceUri[] {
  const passed = new Set<string>();
  let at: ResourceUri | null = anchor;
  while (at !== null && facts.posts.has(at) && !passed.has(at)) {
    passed.add(at);
    at = facts.posts.get(at)?.parent ?? null;
  }
  if (at === null || passed.has(at) || !isPostUri(at)) return [];
  const root = facts.posts.get(anchor)?.root ?? null;
  return root === null || root === at || facts.posts.has(root) ? [at] : [at, root];
}

const KEPT = new Set([LIST, GENERATOR, STARTER_PACK]);

/**
 * Records that are embedded or asked for, and the accounts of all that is shown.
 * @returns whether there are new facts to complete
 */
export async function supplyOthers(reading: ViewContext, facts: Facts, { records }: Wants): Promise<boolean> {
  const { elsewhere, host } = reading;
  if (elsewhere === null) return false;
  const open = (uri: ResourceUri) =>
    KEPT.has(collectionOf(uri)) && !facts.records.has(uri) && didOf(uri) !== host.did;
  const missing = records.filter((uri): uri is ResourceUri => open(uri as ResourceUri));
  await look(reading, facts, missing);
  const shown = [...facts.posts.values()].map(({ author }) => author);
  const owners = [...facts.records.values()].map(({ did }) => did);
  const strangers = [...new Set([...shown, ...owners])].filter(
    (did) => !facts.actors.has(did) && did !== host.did,
  );
  const isNew = strangers.length > 0 && (await elsewhere.accounts(strangers));
  return isNew || missing.some((uri) => facts.records.has(uri));
}
