/**
 * Rebuilds the index from the repos while reads and events go on. A rebuild drops what is derived and creates
 * it again from its own DDL, asks the host for its members, then puts each repo into the index in three
 * passes, because rules look from one record to others: what gates, lists and follows say (`context`), posts
 * that begin threads (`roots`), and the `rest`. A rebuild can stop and resume at any account.
 *
 * The result equals that of live indexing, except for what no repo knows: notifications of joins and
 * verifications (kept); which of two duplicates came first (by key here, by commit there); rules decided by a
 * gate, follow or list item that has since been deleted or edited; replies hidden after their notification;
 * and rows of accounts that are no longer here.
 */
import type { Did } from "@atcute/lexicons";
import type { AccountStatus } from "../../protocol/events.ts";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import type { BackfillSource, ModerationAct } from "../../protocol/stations.ts";
import { type Part, backfillBeside } from "./backfill.ts";
import { contend } from "./batch.ts";
import { indexers } from "./indexers/registry.ts";
import { refreshSearch } from "./indexers/profile.ts";
import { applyModeration } from "./moderation.ts";
import { columns, overRows } from "./statements.ts";
import { LIKE, POST, REPOST } from "../uris.ts";

/** Full-text tables, emptied by their own command. */
const SEARCHED = ["post_search", "actor_search"] as const;
/** Tables derived from records alone. */
const DROPPED = [
  "post",
  "feed_item",
  "like",
  "repost",
  "follow",
  "block",
  "list_block",
  "list_item",
  "verification",
  "duplicate",
  "record",
  "notification",
] as const;
/** Tables that show the words of another table. */
const SHOWING = ["post_word"] as const;
export const DERIVED = [...DROPPED, ...SEARCHED, ...SHOWING] as const;
/** Tables that others own, or that are not derived from records. */
export const KEPT = ["cursor", "poison", "actor", "takedown", "label", "bookmark_total", "rebuild"] as const;

/** Reasons of notifications whose cause left no trace in any repo. */
const UNTRACED = "('starterpack-joined', 'verified', 'unverified')";
/** Stays within the number of values that a query may bind. */
const MEMBERS_PAGE = 90;
/** How long a slice may run past its deadline, in milliseconds. */
const OVERTIME = 60_000;

const HEAVY = new Set([POST, LIKE, REPOST]);
const PARTS: Record<"context" | "roots" | "rest", Part> = {
  context: {
    collections: new Set(indexers.map(({ collection }) => collection).filter((one) => !HEAVY.has(one))),
  },
  roots: { collections: new Set([POST]), accepts: ({ record }) => record.reply === undefined },
  rest: {
    collections: HEAVY,
    accepts: ({ collection, record }) => collection !== POST || record.reply !== undefined,
  },
};

/** `wanted`: a migration asks for a rebuild. */
type Phase = "wanted" | "members" | "context" | "roots" | "rest" | "done";
const NEXT: Record<Phase, Phase> = {
  wanted: "members",
  members: "context",
  context: "roots",
  roots: "rest",
  rest: "done",
  done: "done",
};

export interface Member {
  did: Did;
  handle: string | null;
  status: AccountStatus;
}

export interface RebuildContext {
  db: D1Database;
  /** Up to `limit` members of this host after the DID `after`, by DID. */
  members(after: string, limit: number): Promise<Member[]>;
  account(did: Did): BackfillSource;
  /** All takedowns and labels that stand, in batches: the index may have lost them. */
  acts(): AsyncIterable<ModerationAct[]>;
  now(): number;
}

export interface RebuildStatus {
  phase: Phase;
  /** Accounts done in this phase, out of `total`. */
  done: number;
  total: number;
  /** Milliseconds. */
  started: number;
  finished: number | null;
  error: string | null;
}

interface RebuildRow extends RebuildStatus {
  did: string;
}

/** Returns null when there never was a rebuild. */
export function readRebuild(db: D1Database): Promise<RebuildStatus | null> {
  return db
    .prepare("SELECT phase, done, total, started, finished, error FROM rebuild WHERE id = 1")
    .first<RebuildStatus>();
}

const readRow = (db: D1Database) => db.prepare("SELECT * FROM rebuild WHERE id = 1").first<RebuildRow>();

/** Drops what is derived, in one transaction with the note that it must be rebuilt. */
export async function startRebuild(db: D1Database, now: number): Promise<void> {
  const { results } = await db
    .prepare("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    .all<{ type: string; name: string; tbl_name: string; sql: string }>();
  const dropped: readonly string[] = DROPPED;
  const of = (type: string) =>
    results.filter((each) => each.type === type && dropped.includes(each.tbl_name)).map(({ sql }) => sql);
  const statements = [
    `CREATE TABLE untraced AS SELECT * FROM notification WHERE reason IN ${UNTRACED}`,
    ...SEARCHED.map((table) => `INSERT INTO ${table} (${table}) VALUES ('delete-all')`),
    ...DROPPED.map((table) => `DROP TABLE "${table}"`),
    ...of("table"),
    ...of("index"),
    "INSERT INTO notification SELECT * FROM untraced",
    "DROP TABLE untraced",
    ...of("trigger"),
    "DELETE FROM poison",
    "DELETE FROM actor WHERE known IS NULL",
    `UPDATE actor SET written = NULL, backfilled = NULL, profile = NULL, profile_cid = NULL, profile_sort = NULL,
      profile_indexed = NULL, joined_via = NULL, selves = NULL, name = NULL, slot = NULL, followers = 0, follows = 0,
      posts = 0`,
  ];
  await db.batch([
    ...statements.map((sql) => db.prepare(sql)),
    db
      .prepare(
        `INSERT OR REPLACE INTO rebuild (id, phase, total, started)
          SELECT 1, 'members', count(*), ?1 FROM actor WHERE status IS NULL OR status <> 'deleted'`,
      )
      .bind(now),
  ]);
}

/**
 * Continues a rebuild until `until` (milliseconds) or its end, unless another call is working on it.
 * @returns its status; null when there never was a rebuild.
 */
export async function continueRebuild(context: RebuildContext, until: number): Promise<RebuildStatus | null> {
  const { db } = context;
  const taken = await db
    .prepare("UPDATE rebuild SET lease = ?1, error = NULL WHERE id = 1 AND phase <> 'done' AND lease < ?2")
    .bind(until + OVERTIME, context.now())
    .run();
  if (taken.meta.changes === 0) return readRebuild(db);
  let error: string | null = null;
  try {
    while (context.now() < until && (await step(context, until)));
  } catch (thrown) {
    error = messageOf(thrown);
    logLine("error", "index.rebuild", { message: "stopped", error: thrown });
  }
  await db.prepare("UPDATE rebuild SET lease = 0, error = ?1 WHERE id = 1").bind(error).run();
  return readRebuild(db);
}

/** @returns whether there is more to do. */
async function step(context: RebuildContext, until: number): Promise<boolean> {
  const row = await readRow(context.db);
  if (row === null || row.phase === "done") return false;
  if (row.phase === "wanted") {
    await startRebuild(context.db, context.now());
    return true;
  }
  const dids = row.phase === "members" ? await settle(context, row.did) : await known(context.db, row.did);
  if (dids.length === 0) {
    if (row.phase === "members")
      for await (const acts of context.acts()) await applyModeration(context.db, acts);
    await advance(context, row);
    return NEXT[row.phase] !== "done";
  }
  if (row.phase === "members") {
    await note(context.db, row, dids.at(-1) ?? "", dids.length);
    return true;
  }
  const part = PARTS[row.phase];
  for (const did of dids) {
    await backfillBeside(context.db, context.account(did), did, part);
    await note(context.db, row, did, 1);
    if (context.now() >= until) break;
  }
  return true;
}

/** Matches only the rebuild and phase in which the work began: another may have been started since. */
const STILL = "WHERE id = 1 AND started = ?1 AND phase = ?2";

const note = (db: D1Database, { started, phase }: RebuildRow, did: string, count: number) =>
  db.prepare(`UPDATE rebuild SET did = ?3, done = done + ?4 ${STILL}`).bind(started, phase, did, count).run();

const advance = (context: RebuildContext, { started, phase }: RebuildRow) =>
  context.db
    .prepare(
      `UPDATE rebuild SET phase = ?3, did = '', done = CASE WHEN ?3 = 'done' THEN done ELSE 0 END,
        total = (SELECT count(*) FROM actor WHERE known IS NOT NULL),
        finished = CASE WHEN ?3 = 'done' THEN ?4 END ${STILL}`,
    )
    .bind(started, phase, NEXT[phase], context.now())
    .run();

async function known(db: D1Database, after: string): Promise<Did[]> {
  const { results } = await db
    .prepare("SELECT did FROM actor WHERE known IS NOT NULL AND did > ?1 ORDER BY did LIMIT 50")
    .bind(after)
    .all<{ did: Did }>();
  return results.map(({ did }) => did);
}

/** Restores an identity that the index lost or whose event it missed; an existing `known` keeps its value. */
const SETTLE = `INSERT INTO actor (did, handle, status, known) SELECT ${columns("did", "handle", "status", "known")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (did) DO UPDATE SET
    handle = excluded.handle, status = excluded.status, known = coalesce(known, excluded.known)`;

async function settle(context: RebuildContext, after: string): Promise<Did[]> {
  const { db } = context;
  const page = await context.members(after, MEMBERS_PAGE);
  const here = page.filter(({ status }) => status !== "deleted");
  const at = context.now();
  const rows = here.map(
    ({ did, handle, status }) => [did, handle, status === "active" ? null : status, at] as const,
  );
  const statements = [
    ...contend(db, rows),
    ...overRows(db, SETTLE, rows),
    ...refreshSearch(
      db,
      here.map(({ did }) => did),
    ),
  ];
  if (statements.length > 0) await db.batch(statements);
  return page.map(({ did }) => did);
}
