/** The statements that hydration reads, by whom they are about. Each adds its rows to the facts. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Facts } from "./facts.ts";
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
import type { Script } from "./script.ts";
import { LIKE, LIST, REPOST, STARTER_PACK, collectionOf, didOf } from "../uris.ts";
import type { Needs, Wants } from "./hydration-needs.ts";

const WEEK = 7 * 24 * 60 * 60 * 1000;

export function addSubjects(script: Script, reading: ViewContext, facts: Facts, wants: Wants): void {
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

export function addOthers(
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

export function addViewer(
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
export function addStanding(
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
