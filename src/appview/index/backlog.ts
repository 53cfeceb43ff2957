/**
 * Repos that ingest left unfinished because they are large: nobody's posts wait for them. They are indexed
 * beside ingest, or removed if their accounts are gone, in spells, each of which goes on where the last one
 * ended.
 */
import type { Did } from "@atcute/lexicons";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import type { BackfillSource } from "../../protocol/stations.ts";
import { type Spell, backfillBeside } from "./backfill.ts";

export interface BacklogContext {
  db: D1Database;
  account(did: Did): BackfillSource;
  now(): number;
  /** Whether the call has used what the platform allows it; absent: nothing limits it. */
  isSpent?: () => boolean;
}

interface Entry {
  did: Did;
  /** The #sync that asked for it; a later one begins anew. */
  seq: number;
  place: string;
}
type TakenEntry = Entry & { tries: number };

/** How long (ms) an entry is left to whoever took it, from its last page on. */
const LEASE_MS = 60_000;
const RETRY_MS = 15_000;
/** How often an account is tried before it is set aside. */
const TRIES = 6;

/** False once this isolate has found nothing, so that it does not look with each event. */
let mayHold = true;

/** The statement that adds a repo, or begins anew with it. */
export function addToBacklog(db: D1Database, { did, seq, place }: Entry, now: number): D1PreparedStatement {
  mayHold = true;
  return db
    .prepare("INSERT OR REPLACE INTO backlog (did, seq, place, due) VALUES (?1, ?2, ?3, ?4)")
    .bind(did, seq, place, now);
}

/** The statement that strikes a repo out which is wholly in the index as of `seq`. */
export const strikeOut = (db: D1Database, { did, seq }: Pick<Entry, "did" | "seq">): D1PreparedStatement =>
  db.prepare("DELETE FROM backlog WHERE did = ?1 AND seq <= ?2").bind(did, seq);

/** Whether this isolate may find something: false once it has looked in vain. */
export const mayHaveBacklog = (): boolean => mayHold;

/**
 * Works on what is due until `until` (ms), or until there is nothing.
 * @returns whether there may be more
 */
export async function resumeBacklog(context: BacklogContext, until: number): Promise<boolean> {
  const isOver = () => context.now() >= until || context.isSpent?.() === true;
  while (!isOver()) {
    const entry = await take(context.db, context.now());
    mayHold = entry !== null;
    if (entry === null) return false;
    await work(context, entry, isOver);
  }
  return true;
}

const take = (db: D1Database, now: number): Promise<TakenEntry | null> =>
  db
    .prepare(
      `UPDATE backlog SET due = ?2 WHERE did = (SELECT did FROM backlog WHERE due <= ?1 ORDER BY due, did LIMIT 1)
        RETURNING did, seq, place, tries`,
    )
    .bind(now, now + LEASE_MS)
    .first<TakenEntry>();

async function work(context: BacklogContext, entry: TakenEntry, isOver: () => boolean): Promise<void> {
  const { db } = context;
  const { did, seq, place, tries } = entry;
  const set = (columns: string, ...values: (string | number)[]) =>
    db.prepare(`UPDATE backlog SET ${columns} WHERE did = ?1 AND seq = ?2`).bind(did, seq, ...values);
  const spell: Spell = {
    place,
    keep: (next) => set("place = ?3, due = ?4, tries = 0", next, context.now() + LEASE_MS).run(),
    isOver,
  };
  try {
    const isDone = await backfillBeside(db, context.account(did), did, spell);
    await (isDone ? strikeOut(db, entry) : set("due = ?3", context.now())).run();
    if (!isDone) mayHold = true;
  } catch (error) {
    logLine("error", "index.backlog", { did, error });
    const isLast = tries + 1 >= TRIES;
    await db.batch([
      set("tries = tries + 1, due = ?3", context.now() + RETRY_MS * 2 ** tries),
      ...(isLast ? [setAside(db, did, messageOf(error), context.now()), strikeOut(db, entry)] : []),
    ]);
  }
}

/** Notes an account that cannot be indexed. What the index has of it stays; the next rebuild tries again. */
export const setAside = (db: D1Database, did: Did, error: string, now: number): D1PreparedStatement =>
  db
    .prepare("INSERT OR REPLACE INTO rebuild_failure (did, error, at) VALUES (?1, ?2, ?3)")
    .bind(did, error.slice(0, 2000), now);
