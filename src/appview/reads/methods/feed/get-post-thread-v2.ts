/** app.bsky.unspecced.getPostThreadV2, getPostThreadOtherV2. */
import type { ResourceUri } from "@atcute/lexicons";
import type { Facts } from "../../facts.ts";
import { complete, newFacts } from "../../hydration.ts";
import { resolveUri } from "../../queries/actors.ts";
import { type KnownLikerRow, selectKnownLikers } from "../../queries/engagement.ts";
import { type PostRow, addPosts, selectOpThread, selectThread } from "../../queries/posts.ts";
import { supplyThread } from "../../supply.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { didOf } from "../../../uris.ts";
import { threadgateView } from "../../views/gates.ts";
import { threadOtherV2, threadV2 } from "../../views/thread-v2.ts";

/** The most parents shown. */
const PARENTS = 50;

interface Params {
  anchor: ResourceUri;
  above: boolean;
  below: number;
  branchingFactor: number;
  sort: string;
}

/** The posts asked for, newest first, as candidates for those below the anchor. */
export const belowOf = (rows: PostRow[]): ResourceUri[] =>
  rows
    .filter(({ uri, asked }) => uri !== null && asked === 1)
    .sort((a, b) => b.sort - a.sort)
    .map(({ key }) => key);

/** A missing post is an item of the answer, not a refusal. */
export async function getPostThreadV2(reading: ViewContext, params: Params) {
  const { db, viewer } = reading;
  const anchor = await resolveUri(reading, params.anchor);
  const above = params.above ? PARENTS : 0;
  const facts = newFacts(reading);
  const [posts, own, likers] = await db.batch<PostRow & { uri: ResourceUri } & KnownLikerRow>([
    selectThread(db, anchor, above, params.below),
    selectOpThread(db, anchor),
    ...(viewer === null ? [] : [selectKnownLikers(db, anchor, viewer)]),
  ]);
  const rows: PostRow[] = posts?.results ?? [];
  addPosts(facts, rows);
  await supplyThread(reading, facts, anchor, above);
  const known = addKnownLikers(facts, anchor, likers?.results ?? []);
  await complete(reading, facts, {
    rootLikes: true,
    dids: known,
    pairs: known.map((did) => [didOf(anchor), did] as const),
  });
  const opThread = (own?.results ?? []).map(({ uri }) => uri);
  const present = { facts, images: reading.images };
  const answer = threadV2(
    present,
    { anchor, below: belowOf(rows), opThread: opThread.length > 1 ? opThread : [] },
    { ...params, above },
  );
  const threadgate = threadgateView(present, facts.posts.get(anchor)?.root ?? anchor);
  return { ...answer, threadgate };
}

function addKnownLikers(facts: Facts, anchor: ResourceUri, rows: KnownLikerRow[]) {
  const dids = rows.map(({ did }) => did);
  const [first] = rows;
  if (first !== undefined) facts.knownLikers.set(anchor, { count: first.count, dids });
  return dids;
}

export async function getPostThreadOtherV2(reading: ViewContext, params: { anchor: ResourceUri }) {
  const { db } = reading;
  const anchor = await resolveUri(reading, params.anchor);
  const facts = newFacts(reading);
  const rows = await rowsOf<PostRow>(db, selectThread(db, anchor, 0, 1));
  addPosts(facts, rows);
  await complete(reading, facts);
  const present = { facts, images: reading.images };
  return { thread: threadOtherV2(present, { anchor, below: belowOf(rows) }) };
}
