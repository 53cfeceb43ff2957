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

/** An account that could not be read or indexed. The index keeps what it had of it. */
export interface FailedAccount {
  did: string;
  error: string;
  /** Milliseconds. */
  at: number;
}

/** Whether the index follows, which takes a few rows to read. */
export interface IndexHealth {
  /** The last event applied. */
  cursor: number;
  poisoned: { count: number; newest: PoisonedEvent[] };
  failed: { count: number; newest: FailedAccount[] };
  /** Large repos that came in and are not wholly indexed yet. */
  waiting: number;
}

export interface IndexStatus extends IndexHealth {
  counts: IndexCounts;
  rebuild: RebuildStatus | null;
}

const SHOWN = 10;
/** How long counts are reused, in milliseconds: counting reads one row per member. */
const COUNTED_FOR = 60_000;
let counted: { at: number; counts: IndexCounts } | null = null;

type Row = Record<string, number> & PoisonedEvent & FailedAccount;

const healthStatements = (db: D1Database) => [
  db.prepare(`SELECT (SELECT seq FROM cursor WHERE id = 1) AS cursor, (SELECT count(*) FROM poison) AS poisoned,
    (SELECT count(*) FROM rebuild_failure) AS failed, (SELECT count(*) FROM backlog) AS waiting`),
  db.prepare(`SELECT seq, did, error, at FROM poison ORDER BY seq DESC LIMIT ${SHOWN}`),
  db.prepare(`SELECT did, error, at FROM rebuild_failure ORDER BY at DESC LIMIT ${SHOWN}`),
];

function healthOf([figures, poisoned, failed]: D1Result<Row>[]): IndexHealth {
  const found = figures?.results[0];
  return {
    cursor: found?.cursor ?? 0,
    poisoned: { count: found?.poisoned ?? 0, newest: poisoned?.results ?? [] },
    failed: { count: found?.failed ?? 0, newest: failed?.results ?? [] },
    waiting: found?.waiting ?? 0,
  };
}

export const readIndexHealth = async (db: D1Database): Promise<IndexHealth> =>
  healthOf(await db.batch<Row>(healthStatements(db)));

export async function readIndexStatus(db: D1Database, now: number): Promise<IndexStatus> {
  const fresh = counted !== null && now - counted.at < COUNTED_FOR ? counted.counts : null;
  const statements = healthStatements(db);
  const [found, rebuild] = await Promise.all([
    db.batch<Row>([
      ...statements,
      ...(fresh === null
        ? [
            db.prepare(
              `SELECT count(*) AS members, coalesce(sum(posts), 0) AS posts, coalesce(sum(follows), 0) AS follows
                FROM actor WHERE known IS NOT NULL AND home IS NULL`,
            ),
          ]
        : []),
    ]),
    readRebuild(db),
  ]);
  const sums = found[statements.length]?.results[0];
  const counts = fresh ?? {
    members: sums?.members ?? 0,
    posts: sums?.posts ?? 0,
    follows: sums?.follows ?? 0,
  };
  if (fresh === null) counted = { at: now, counts };
  return { ...healthOf(found), counts, rebuild };
}
