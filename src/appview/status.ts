/** The status of the index, for the host's operator. */
import { type RebuildStatus, readRebuild } from "./index/rebuild.ts";

/** An event that the database rejected and that was set aside. */
export interface PoisonedEvent {
  seq: number;
  did: string | null;
  error: string;
  /** Milliseconds. */
  at: number;
}

export interface IndexCounts {
  members: number;
  posts: number;
  follows: number;
}

export interface IndexStatus {
  /** The last event applied. */
  cursor: number;
  counts: IndexCounts;
  poisoned: { count: number; newest: PoisonedEvent[] };
  rebuild: RebuildStatus | null;
}

const SHOWN = 10;
/** How long counts are reused, in milliseconds: counting reads one row per member. */
const COUNTED_FOR = 60_000;
let counted: { at: number; counts: IndexCounts } | null = null;

export async function readIndexStatus(db: D1Database, now: number): Promise<IndexStatus> {
  const fresh = counted !== null && now - counted.at < COUNTED_FOR ? counted.counts : null;
  const [[cursor, total, newest, sums], rebuild] = await Promise.all([
    db.batch<Record<string, number> & PoisonedEvent>([
      db.prepare("SELECT seq FROM cursor WHERE id = 1"),
      db.prepare("SELECT count(*) AS count FROM poison"),
      db.prepare(`SELECT seq, did, error, at FROM poison ORDER BY seq DESC LIMIT ${SHOWN}`),
      ...(fresh === null
        ? [
            db.prepare(
              `SELECT count(*) AS members, coalesce(sum(posts), 0) AS posts, coalesce(sum(follows), 0) AS follows
                FROM actor WHERE known IS NOT NULL`,
            ),
          ]
        : []),
    ]),
    readRebuild(db),
  ]);
  const found = sums?.results[0];
  const counts = fresh ?? {
    members: found?.members ?? 0,
    posts: found?.posts ?? 0,
    follows: found?.follows ?? 0,
  };
  if (fresh === null) counted = { at: now, counts };
  return {
    cursor: cursor?.results[0]?.seq ?? 0,
    counts,
    poisoned: { count: total?.results[0]?.count ?? 0, newest: newest?.results ?? [] },
    rebuild,
  };
}
