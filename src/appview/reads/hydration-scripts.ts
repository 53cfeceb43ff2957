/** The statements that hydration reads, by whom they are about. Each adds its rows to the facts. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Facts } from "./facts.ts";
import {
  type ActorRow,
  type AssociatedRow,
  type WrittenRow,
  addActors,
  selectActors,
  selectAssociated,
  selectWritten,
} from "./queries/actors.ts";
import { lastRevOf } from "../instants.ts";
import {
  type ActRow,
  type InteractionRow,
  type RepostRow,
  addInteractions,
  addReposts,
  selectActsBy,
  selectLikesOfPairs,
  selectRepostsOfPairs,
} from "./queries/interactions.ts";
import { type MarkRow, type Subjects, addLabels, selectMarks } from "./queries/labels.ts";
import { type RecordRow, addRecords, selectJoined, selectRecords } from "./queries/records.ts";
import {
  type ListRow,
  type RelationRow,
  addListRelations,
  addPairs,
  addRelations,
  selectLists,
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
  const { db } = reading;
  const { dids, records, posts, pairs, others } = wants;
  addAccounts(script, reading, facts, dids);
  script.add<RecordRow>(records.length > 0, selectRecords(db, records), (rows) => addRecords(facts, rows));
  script.add<{ a: string; b: string }>(pairs.length > 0, selectPairs(db, pairs), (rows) =>
    addPairs(facts, rows),
  );
  addMarks(script, reading, facts, { dids, uris: [...records, ...posts, ...others] });
}

export function addAccounts(
  script: Script,
  { db, host }: ViewContext,
  facts: Facts,
  dids: readonly string[],
): void {
  script.add<ActorRow>(dids.length > 0, selectActors(db, dids), (rows) =>
    addActors(facts, rows, host.blockedWords),
  );
  addHostFacts(script, db, facts, host, dids);
}

/** Labels and takedowns. */
export function addMarks(
  script: Script,
  { db, labelers, now, images }: ViewContext,
  facts: Facts,
  subjects: Subjects,
): void {
  const any = subjects.dids.length + subjects.uris.length > 0;
  script.add<MarkRow>(any, selectMarks(db, subjects, labelers, now), (rows) => {
    addLabels(
      facts,
      labelers,
      rows.filter((row) => row.src !== null),
    );
    for (const { src, uri, ref } of rows) {
      if (src !== null) continue;
      if (uri.startsWith("did:") && uri.includes("/")) images.hide(uri);
      else facts.takedowns.set(uri, ref);
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
  const any = posts.length + records.length > 0;
  script.add<ActRow>(any, selectActsBy(db, viewer, posts, records), (rows) => {
    const of = (wanted: ActRow["kind"]) => rows.filter(({ kind }) => kind === wanted);
    addInteractions(facts.viewerLikes, LIKE, of("like"));
    addInteractions(facts.viewerReposts, REPOST, of("repost"));
  });
  if (sawRev !== undefined) {
    script.add<WrittenRow>(true, selectWritten(db, viewer), (rows) => {
      const written = rows[0]?.written ?? null;
      if (written !== null) sawRev(lastRevOf(written));
    });
  }
}

/** Adds the relations of the viewer, who mutes these `lists`, to accounts. */
export function addRelationsTo(
  script: Script,
  db: D1Database,
  facts: Facts,
  dids: readonly string[],
  viewer: Did,
  lists: readonly ResourceUri[],
): void {
  script.add<RelationRow>(true, selectRelations(db, viewer, dids, lists), (rows) =>
    addRelations(facts, viewer, rows),
  );
}

/** Adds the relations of the viewer, who mutes these `lists`, to accounts and lists. */
export function addStanding(
  script: Script,
  db: D1Database,
  facts: Facts,
  { dids, records }: Wants,
  viewer: Did,
  lists: readonly ResourceUri[],
): void {
  addRelationsTo(script, db, facts, dids, viewer, lists);
  const shown = [...new Set([...lists, ...records.filter((uri) => collectionOf(uri) === LIST)])];
  script.add<ListRow>(true, selectLists(db, viewer, shown, lists), (rows) =>
    addListRelations(facts, viewer, new Set(lists), rows),
  );
}
