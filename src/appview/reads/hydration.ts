/**
 * Hydration turns keys into facts, in batches. It reads posts first, because only they tell what they refer
 * to; then everything else at once, and in parallel what only the viewer may know.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { type Facts, noFacts } from "./facts.ts";
import {
  type ActorRow,
  type AssociatedRow,
  type VerificationRow,
  type WrittenRow,
  addActors,
  addVerifications,
  selectActors,
  selectAssociated,
  selectVerifications,
  selectWritten,
} from "./queries/actors.ts";
import { lastRevOf } from "../instants.ts";
import {
  type InteractionRow,
  type RepostRow,
  addInteractions,
  addReposts,
  selectLikesBy,
  selectLikesOfPairs,
  selectRepostsBy,
  selectRepostsOfPairs,
} from "./queries/interactions.ts";
import { type LabelRow, addLabels, selectLabels, selectTakedowns } from "./queries/labels.ts";
import { type PostRow, addPosts, selectPosts } from "./queries/posts.ts";
import {
  type MuteRow,
  type SubscriptionRow,
  type ThreadMuteRow,
  selectBookmarked,
  selectMutes,
  selectSubscriptions,
  selectThreadMutes,
} from "./queries/private.ts";
import { type RecordRow, addRecords, selectJoined, selectRecords } from "./queries/records.ts";
import {
  type ListRelationRow,
  type RelationRow,
  addListRelations,
  addPairs,
  addRelations,
  selectListRelations,
  selectOwnLists,
  selectPairs,
  selectRelations,
} from "./queries/relations.ts";
import { addHostFacts } from "./host-labeler.ts";
import type { ViewContext } from "./view-context.ts";
import { Script } from "./script.ts";
import { LIKE, LIST, REPOST, STARTER_PACK, collectionOf, didOf } from "../uris.ts";

const WEEK = 7 * 24 * 60 * 60 * 1000;

/** Keys that are needed besides those that the posts themselves bring. */
export interface Needs {
  dids?: Iterable<string>;
  /** Lists, generators, starter packs, labelers. */
  records?: Iterable<string>;
  /** Reposts, as pairs of subject and actor. */
  reposts?: (readonly [subject: string, actor: string])[];
  /** Pairs of accounts that may block each other. */
  pairs?: (readonly [string, string])[];
  /** Other records whose takedowns and labels matter, for example reposts. */
  subjects?: Iterable<string>;
  /** Accounts that are shown in detail. */
  detailed?: Did[];
  /** Whether to look up likes by the author of each post's thread. */
  rootLikes?: boolean;
  /** Roots of further threads that the viewer may mute, besides the threads of the posts. */
  threads?: Iterable<ResourceUri>;
}

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
}

/** The keys that views of these facts will look up. */
function wantsOf(facts: Facts, needs: Needs) {
  const dids = new Set<string>([...(needs.dids ?? []), ...(needs.detailed ?? [])]);
  const records = new Set<string>(needs.records ?? []);
  const posts = new Set<string>(facts.posts.keys());
  const pairs = new Map<string, readonly [string, string]>();
  const pair = (a: string, b: string) => {
    if (a !== b) pairs.set(`${a} ${b}`, [a, b]);
  };
  for (const [a, b] of needs.pairs ?? []) pair(a, b);
  for (const { author, parent, root, embed, quoted } of facts.posts.values()) {
    dids.add(author);
    for (const ref of [parent, root, embed]) {
      if (ref === null) continue;
      dids.add(didOf(ref));
      pair(author, didOf(ref));
    }
    if (embed !== null && quoted === null) records.add(embed);
  }
  for (const gate of facts.threadgates.values()) {
    for (const rule of gate.record.allow ?? []) if ("list" in rule) records.add(rule.list);
  }
  for (const uri of records) dids.add(didOf(uri));
  return {
    dids: [...dids],
    records: [...records],
    posts: [...posts],
    pairs: [...pairs.values()],
    others: [...(needs.subjects ?? [])],
  };
}

/** Reads everything else: one trip to the index, and in parallel one to the directory. */
export async function complete(reading: ViewContext, facts: Facts, needs: Needs = {}): Promise<Facts> {
  const { db, directory, viewer, mutedLists } = reading;
  const wants = wantsOf(facts, needs);
  const script = new Script();
  addSubjects(script, reading, facts, wants);
  addOthers(script, reading, facts, wants, needs);
  if (viewer === null) {
    await script.run(db);
    return facts;
  }
  const early = await mutedLists.asked;
  addViewer(script, reading, facts, wants, viewer);
  addStanding(script, db, facts, wants, viewer, early ?? []);
  const own = privateScript(reading, facts, wants, needs, viewer);
  mutedLists.readWith(own);
  await Promise.all([script.run(db), own.run(directory)]);
  if (early === null) await amend(reading, facts, wants, viewer);
  own.settle();
  return facts;
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

type Wants = ReturnType<typeof wantsOf>;

function addSubjects(script: Script, reading: ViewContext, facts: Facts, wants: Wants): void {
  const { db, labelers, now, images, host } = reading;
  const { dids, records, posts, pairs, others } = wants;
  script.add<ActorRow>(dids.length > 0, selectActors(db, dids), (rows) => addActors(facts, rows));
  addHostFacts(script, db, facts, host, dids);
  script.add<VerificationRow>(dids.length > 0, selectVerifications(db, dids), (rows) =>
    addVerifications(facts, rows),
  );
  script.add<RecordRow>(records.length > 0, selectRecords(db, records), (rows) => addRecords(facts, rows));
  script.add<{ a: string; b: string }>(pairs.length > 0, selectPairs(db, pairs), (rows) =>
    addPairs(facts, rows),
  );
  const subjects = { dids, uris: [...records, ...posts, ...others] };
  const any = dids.length + subjects.uris.length > 0;
  script.add<LabelRow>(any && labelers.dids.length > 0, selectLabels(db, subjects, labelers, now), (rows) =>
    addLabels(facts, labelers, rows),
  );
  script.add<{ subject: string; ref: string }>(any, selectTakedowns(db, subjects), (rows) => {
    for (const { subject, ref } of rows) {
      if (subject.startsWith("did:") && subject.includes("/")) images.hide(subject);
      else facts.takedowns.set(subject, ref);
    }
  });
}

function addOthers(
  script: Script,
  { db, now }: ViewContext,
  facts: Facts,
  { records }: Wants,
  needs: Needs,
): void {
  const { detailed = [], reposts = [], rootLikes = false } = needs;
  script.add<AssociatedRow>(detailed.length > 0, selectAssociated(db, detailed), (rows) => {
    for (const { did, ...counts } of rows) facts.associated.set(did, counts);
  });
  script.add<RepostRow>(reposts.length > 0, selectRepostsOfPairs(db, reposts), (rows) =>
    addReposts(facts, rows),
  );
  const packs = records.filter((uri) => collectionOf(uri) === STARTER_PACK);
  script.add<{ uri: ResourceUri; all: number; week: number }>(
    packs.length > 0,
    selectJoined(db, packs, now - WEEK),
    (rows) => {
      for (const { uri, all, week } of rows) facts.joined.set(uri, { all, week });
    },
  );
  if (!rootLikes) return;
  const pairs = [...facts.posts.values()].map(({ uri, root }) => [uri, didOf(root ?? uri)] as const);
  script.add<InteractionRow>(pairs.length > 0, selectLikesOfPairs(db, pairs), (rows) =>
    addInteractions(facts.rootLikes, LIKE, rows),
  );
}

function addViewer(
  script: Script,
  { db, sawRev }: ViewContext,
  facts: Facts,
  { records, posts }: Wants,
  viewer: Did,
): void {
  const liked = [...posts, ...records];
  script.add<InteractionRow>(liked.length > 0, selectLikesBy(db, viewer, liked), (rows) =>
    addInteractions(facts.viewerLikes, LIKE, rows),
  );
  script.add<InteractionRow>(posts.length > 0, selectRepostsBy(db, viewer, posts), (rows) =>
    addInteractions(facts.viewerReposts, REPOST, rows),
  );
  if (sawRev !== undefined) {
    script.add<WrittenRow>(true, selectWritten(db, viewer), (rows) => {
      const written = rows[0]?.written ?? null;
      if (written !== null) sawRev(lastRevOf(written));
    });
  }
}

/** Adds the relations of the viewer, who mutes these `lists`, to accounts and lists. */
function addStanding(
  script: Script,
  db: D1Database,
  facts: Facts,
  { dids, records }: Wants,
  viewer: Did,
  lists: ResourceUri[],
): void {
  script.add<RelationRow>(true, selectRelations(db, viewer, dids, lists), (rows) =>
    addRelations(facts, viewer, rows),
  );
  script.add<RecordRow>(true, selectOwnLists(db, viewer, lists), (rows) => addRecords(facts, rows));
  const shown = [...new Set([...lists, ...records.filter((uri) => collectionOf(uri) === LIST)])];
  script.add<ListRelationRow>(true, selectListRelations(db, viewer, shown), (rows) =>
    addListRelations(facts, viewer, new Set(lists), rows),
  );
}

/**
 * The script of private facts. They go into relations that the index's script creates, so call `settle` after
 * both have run.
 */
function privateScript(
  { directory }: ViewContext,
  facts: Facts,
  { dids, posts }: Wants,
  needs: Needs,
  viewer: Did,
): Script & { settle: () => void } {
  const script = new Script();
  const later: (() => void)[] = [];
  script.add<MuteRow>(dids.length > 0, selectMutes(directory, viewer, dids), (rows) =>
    later.push(() => {
      for (const { subject_did, only_reposts, only_quoteposts } of rows) {
        const relation = facts.relations.get(subject_did);
        if (relation === undefined || subject_did === viewer) continue;
        relation.mutedOnlyReposts = only_reposts === 1;
        relation.mutedOnlyQuoteposts = only_quoteposts === 1;
        relation.muted = only_reposts === 0 && only_quoteposts === 0;
      }
    }),
  );
  const roots = [
    ...new Set([...(needs.threads ?? []), ...[...facts.posts.values()].map(({ uri, root }) => root ?? uri)]),
  ];
  script.add<ThreadMuteRow>(roots.length > 0, selectThreadMutes(directory, viewer, roots), (rows) => {
    for (const { root_uri, created_at } of rows) facts.mutedThreads.set(root_uri, Date.parse(created_at));
  });
  script.add<{ uri: ResourceUri }>(posts.length > 0, selectBookmarked(directory, viewer, posts), (rows) => {
    for (const { uri } of rows) facts.bookmarked.add(uri);
  });
  const detailed = needs.detailed ?? [];
  script.add<SubscriptionRow>(detailed.length > 0, selectSubscriptions(directory, viewer, detailed), (rows) =>
    later.push(() => {
      for (const { subject_did, post, reply } of rows) {
        const relation = facts.relations.get(subject_did);
        if (relation !== undefined && (post === 1 || reply === 1)) {
          relation.activitySubscription = { post: post === 1, reply: reply === 1 };
        }
      }
    }),
  );
  return Object.assign(script, { settle: () => later.forEach((apply) => apply()) });
}
