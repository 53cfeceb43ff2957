/**
 * Hydration turns keys into facts, in batches. It reads posts first, because only they tell what they refer
 * to; then everything else at once, and in parallel what only the viewer may know.
 */
import type { Did } from "@atcute/lexicons";
import { type Facts, noFacts } from "./facts.ts";
import { type PostRow, addPosts, selectPosts } from "./queries/posts.ts";
import { supplyOthers, supplyPosts } from "./supply.ts";
import type { ViewContext } from "./view-context.ts";
import { Script } from "./script.ts";
import { type Needs, type Wants, wantsOf } from "./hydration-needs.ts";
import { addOthers, addStanding, addSubjects, addViewer } from "./hydration-scripts.ts";
import { privateScript } from "./private-script.ts";

export const newFacts = ({ viewer, now }: ViewContext): Facts => noFacts(viewer, now);

/** Reads posts and what their views need, in one trip. `feed` includes parents and roots. */
export async function readPosts(
  reading: ViewContext,
  facts: Facts,
  uris: Iterable<string>,
  feed = false,
): Promise<void> {
  const [found] = await Promise.all([
    reading.db.batch<PostRow>([selectPosts(reading.db, uris, feed)]),
    reading.mutedLists.read(),
  ]);
  addPosts(facts, found[0]?.results ?? []);
  await supplyPosts(reading, facts, uris, feed);
}

/** Reads everything else: one trip to the index, and in parallel one to the directory. */
export async function complete(reading: ViewContext, facts: Facts, needs: Needs = {}): Promise<Facts> {
  const wants = wantsOf(facts, needs);
  await read(reading, facts, wants, needs);
  const isMore = await supplyOthers(reading, facts, wants);
  if (isMore) await read(reading, facts, wantsOf(facts, needs), needs);
  return facts;
}

async function read(reading: ViewContext, facts: Facts, wants: Wants, needs: Needs): Promise<void> {
  const { db, directory, viewer, mutedLists } = reading;
  const script = new Script();
  addSubjects(script, reading, facts, wants);
  addOthers(script, reading, facts, wants, needs);
  if (viewer === null) {
    await script.run(db);
    return;
  }
  const early = await mutedLists.asked;
  addViewer(script, reading, facts, wants, viewer);
  addStanding(script, db, facts, wants, viewer, early ?? []);
  const own = privateScript(reading, facts, wants, needs, viewer);
  mutedLists.readWith(own);
  await Promise.all([script.run(db), own.run(directory)]);
  if (early === null) await amend(reading, facts, wants, viewer);
  own.settle();
}

/** Adds one trip for a viewer who mutes lists, where those were not known before. Most viewers mute none. */
async function amend(
  { db, mutedLists }: ViewContext,
  facts: Facts,
  wants: Wants,
  viewer: Did,
): Promise<void> {
  const lists = await mutedLists.read();
  if (lists.length === 0) return;
  const script = new Script();
  addStanding(script, db, facts, wants, viewer, lists);
  await script.run(db);
}
