/**
 * Rebuilds the index from the repos, in place: what is there is served until it is replaced, and reads and
 * events go on. The host is asked for its members. Then each repo is put into the index in three passes, because
 * rules look from one record to others: what gates, lists and follows say (`context`), posts that begin threads
 * (`roots`), and the `rest`. Posts are derived anew, other rows are mended where they differ, and what no repo
 * has is removed. What the index has of accounts elsewhere is derived anew from itself. At last, counts are taken anew. An account that cannot be read or indexed is set aside, and
 * keeps what it had; one that is gone leaves the index. A rebuild can stop and resume at any page of a repo.
 *
 * The result equals that of live indexing, except for what no repo knows: which of two duplicates came first
 * (by key here, by commit there, if the index had neither); rules decided by a gate, follow or list item that
 * has since been deleted or edited; and replies hidden after their notification.
 */
import type { Did } from "@atcute/lexicons";
import type { AccountStatus } from "../../protocol/events.ts";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import type { BackfillSource, ModerationAct } from "../../protocol/stations.ts";
import { type Part, backfillBeside } from "./backfill.ts";
import { setAside } from "./backlog.ts";
import { contend } from "./batch.ts";
import { deriveAgain } from "./derive-again.ts";
import { indexers } from "./indexers/registry.ts";
import { refreshSearch } from "./indexers/profile.ts";
import { applyModeration } from "./moderation.ts";
import { columns, overRows } from "./statements.ts";
import { LIKE, POST, REPOST } from "../uris.ts";

/** Tables derived from records alone. */
export const DERIVED = [
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
  "post_search",
  "actor_search",
  // Shows the words of post_search.
  "post_word",
] as const;
/** Tables that others own, or that are not derived from records. */
export const KEPT = [
  "cursor",
  "poison",
  "actor",
  "takedown",
  "blocked_link",
  "label",
  "bookmark_total",
  "rebuild",
  "rebuild_failure",
  "backlog",
] as const;

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
type Phase = "wanted" | "members" | "context" | "roots" | "rest" | "counts" | "done";
const NEXT: Record<Phase, Phase> = {
  wanted: "members",
  members: "context",
  context: "roots",
  roots: "rest",
  rest: "counts",
  counts: "done",
  done: "done",
};

export interface Member {
  did: Did;
  handle: string | null;
  status: AccountStatus;
}

/** The host, as far as the index asks it who lives there. */
export interface RebuildHost {
  /** Up to `limit` members of this host after the DID `after`, by DID. */
  members(after: string, limit: number): Promise<Member[]>;
  /** All takedowns and labels that stand, in batches: the index may have lost them. */
  acts(): AsyncIterable<ModerationAct[]>;
  /** The same of posts' numbers of bookmarks, which the directory counts. */
  bookmarks(): AsyncIterable<{ uri: string; n: number }[]>;
}

export interface RebuildContext {
  db: D1Database;
  /** Null: the phases that ask the host are left to a call that can. */
  host: RebuildHost | null;
  /** Null: the phases that read repos are left to a call that can. */
  account: ((did: Did) => BackfillSource) | null;
  now(): number;
  /** Whether the call has used what the platform allows it; absent: nothing limits it. */
  isSpent?: () => boolean;
}

/** Whether a rebuild in this phase goes on only where the host can be asked. */
export const asksHost = (phase: Phase): phase is "wanted" | "members" =>
  phase === "wanted" || phase === "members";

export interface RebuildStatus {
  phase: Phase;
  /** Accounts done in this phase, out of `total`. */
  done: number;
  total: number;
  /** Milliseconds. */
  started: number;
  finished: number | null;
  /** Why it stopped last; null if it did not. */
  error: string | null;
  /** Number of accounts set aside. */
  failed: number;
}

interface RebuildRow extends RebuildStatus {
  /** The account done last. */
  did: string;
  /** The account that is begun, a blank, and how far it is; null if none is. */
  place: string | null;
}

const COLUMNS = `phase, done, total, started, finished, error, (SELECT count(*) FROM rebuild_failure) AS failed`;

/** Returns null when there never was a rebuild. */
export function readRebuild(db: D1Database): Promise<RebuildStatus | null> {
  return db.prepare(`SELECT ${COLUMNS} FROM rebuild WHERE id = 1`).first<RebuildStatus>();
}

const readRow = (db: D1Database) =>
  db.prepare(`SELECT did, place, ${COLUMNS} FROM rebuild WHERE id = 1`).first<RebuildRow>();

/** Notes that the index is to be rebuilt. Nothing of it is dropped. */
export async function startRebuild(db: D1Database, now: number): Promise<void> {
  await db.batch([
    db.prepare("DELETE FROM rebuild_failure"),
    db
      .prepare(
        `INSERT OR REPLACE INTO rebuild (id, phase, total, started)
          SELECT 1, 'members', count(*), ?1 FROM actor WHERE known IS NOT NULL`,
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
  const isOver = () => context.now() >= until || context.isSpent?.() === true;
  const taken = await db
    .prepare("UPDATE rebuild SET lease = ?1, error = NULL WHERE id = 1 AND phase <> 'done' AND lease < ?2")
    .bind(until + OVERTIME, context.now())
    .run();
  if (taken.meta.changes === 0) return readRebuild(db);
  let error: string | null = null;
  try {
    while (!isOver() && (await step(context, isOver)));
  } catch (thrown) {
    error = messageOf(thrown);
    logLine("error", "index.rebuild", { message: "stopped", error: thrown });
  }
  await db.prepare("UPDATE rebuild SET lease = 0, error = ?1 WHERE id = 1").bind(error).run();
  return readRebuild(db);
}

/** @returns whether there is more to do. */
async function step(context: RebuildContext, isOver: () => boolean): Promise<boolean> {
  const row = await readRow(context.db);
  if (row === null || row.phase === "done") return false;
  const { phase } = row;
  if (asksHost(phase)) return context.host !== null && enlist(context, context.host, row);
  return context.account !== null && goThrough(context, context.account, { row, phase, isOver });
}

/** Goes through the accounts that come next in this phase. */
async function goThrough(
  context: RebuildContext,
  account: (did: Did) => BackfillSource,
  { row, phase, isOver }: { row: RebuildRow; phase: keyof typeof PARTS | "counts"; isOver: () => boolean },
): Promise<boolean> {
  const accounts = await known(context.db, row.did);
  const dids = accounts.map(({ did }) => did);
  if (dids.length === 0) {
    // Events that ingest had set aside are in the repos, and so in the index now.
    if (NEXT[phase] === "done")
      await context.db.prepare("DELETE FROM poison WHERE at < ?1").bind(row.started).run();
    await advance(context, row);
    return NEXT[phase] !== "done";
  }
  if (phase === "counts") {
    await context.db.prepare(COUNT).bind(JSON.stringify(dids)).run();
    await note(context.db, row, dids.at(-1) ?? "", dids.length);
    return true;
  }
  const part = PARTS[phase];
  for (const { did, home } of accounts) {
    const source = home === null ? account(did) : null;
    const isDone = await mend(context, source, { row, did, part, isOver });
    if (!isDone) break;
    await note(context.db, row, did, 1);
    if (isOver()) break;
  }
  return true;
}

/** Takes a page of the host's members into the index, and after the last one what the moderators decided. */
async function enlist(context: RebuildContext, host: RebuildHost, row: RebuildRow): Promise<boolean> {
  const { db } = context;
  if (row.phase === "wanted") {
    await startRebuild(db, context.now());
    return true;
  }
  const dids = await settle(context, host, row.did);
  if (dids.length > 0) await note(db, row, dids.at(-1) ?? "", dids.length);
  else {
    await takeOver(db, host);
    await advance(context, row);
  }
  return true;
}

/** Takes over what the directory alone knows. */
async function takeOver(db: D1Database, host: RebuildHost): Promise<void> {
  for await (const acts of host.acts()) await applyModeration(db, acts);
  for await (const totals of host.bookmarks()) {
    await db
      .prepare(
        `INSERT INTO bookmark_total (uri, n) SELECT value ->> 'uri', value ->> 'n' FROM json_each(?1) WHERE true
          ON CONFLICT (uri) DO UPDATE SET n = excluded.n WHERE n <> excluded.n`,
      )
      .bind(JSON.stringify(totals))
      .run();
  }
}

/** How often an account is tried before it is set aside. */
const TRIES = 3;

/**
 * Puts a part of one repo into the index, or sets the account aside: one must not stop the others. False if there
 * is more of it to do.
 * @param source null: the account lives elsewhere
 */
async function mend(
  context: RebuildContext,
  source: BackfillSource | null,
  { row, did, part, isOver }: { row: RebuildRow; did: Did; part: Part; isOver: () => boolean },
): Promise<boolean> {
  const { db } = context;
  const begun = `${did} `;
  const spell = {
    place: row.place?.startsWith(begun) ? row.place.slice(begun.length) : undefined,
    async keep(place: string) {
      spell.place = place;
      await keepPlace(db, row, `${begun}${place}`);
    },
    isOver,
  };
  for (let tries = 1; ; tries++) {
    try {
      return source === null
        ? await deriveAgain(db, did, spell, part)
        : await backfillBeside(db, source, did, spell, part);
    } catch (error) {
      if (tries < TRIES) continue;
      logLine("error", "index.rebuild", { message: "set aside", did, error });
      // If it is the database that fails, this throws, and the rebuild stops until the next call.
      await setAside(db, did, messageOf(error), context.now()).run();
      return true;
    }
  }
}

/** Takes the counts of accounts (a JSON array of DIDs) anew, and writes those that are wrong. */
export const COUNT = `UPDATE actor SET followers = found.followers, follows = found.follows, posts = found.posts FROM (
    SELECT value AS did,
      (SELECT count(*) FROM follow WHERE subject = value) AS followers,
      (SELECT count(*) FROM follow WHERE actor = value) AS follows,
      (SELECT count(*) FROM post WHERE uri > 'at://' || value || '/' AND uri < 'at://' || value || '0') AS posts
    FROM json_each(?1)) AS found
  WHERE actor.did = found.did
    AND (actor.followers, actor.follows, actor.posts) IS NOT (found.followers, found.follows, found.posts)`;

/** Matches only the rebuild and phase in which the work began: another may have been started since. */
const STILL = "WHERE id = 1 AND started = ?1 AND phase = ?2";

const note = (db: D1Database, { started, phase }: RebuildRow, did: string, count: number) =>
  db
    .prepare(`UPDATE rebuild SET did = ?3, place = NULL, done = done + ?4 ${STILL}`)
    .bind(started, phase, did, count)
    .run();

const keepPlace = (db: D1Database, { started, phase }: RebuildRow, place: string) =>
  db.prepare(`UPDATE rebuild SET place = ?3 ${STILL}`).bind(started, phase, place).run();

const advance = (context: RebuildContext, { started, phase }: RebuildRow) =>
  context.db
    .prepare(
      `UPDATE rebuild SET phase = ?3, did = '', place = NULL, done = CASE WHEN ?3 = 'done' THEN done ELSE 0 END,
        total = (SELECT count(*) FROM actor WHERE known IS NOT NULL),
        finished = CASE WHEN ?3 = 'done' THEN ?4 END ${STILL}`,
    )
    .bind(started, phase, NEXT[phase], context.now())
    .run();

async function known(db: D1Database, after: string): Promise<{ did: Did; home: string | null }[]> {
  const { results } = await db
    .prepare("SELECT did, home FROM actor WHERE known IS NOT NULL AND did > ?1 ORDER BY did LIMIT 50")
    .bind(after)
    .all<{ did: Did; home: string | null }>();
  return results;
}

/** Restores an identity that the index lost or whose event it missed; an existing `known` keeps its value. */
const SETTLE = `INSERT INTO actor (did, handle, status, known) SELECT ${columns("did", "handle", "status", "known")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (did) DO UPDATE SET
    handle = excluded.handle, status = excluded.status, known = coalesce(known, excluded.known),
    home = NULL, checked = NULL`;

async function settle(context: RebuildContext, host: RebuildHost, after: string): Promise<Did[]> {
  const page = await host.members(after, MEMBERS_PAGE);
  await settleMembers(
    context.db,
    page.filter(({ status }) => status !== "deleted"),
    context.now(),
  );
  return page.map(({ did }) => did);
}

/** Makes the index know members as the host does. At most MEMBERS_PAGE. */
export async function settleMembers(db: D1Database, here: readonly Member[], at: number): Promise<void> {
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
}
