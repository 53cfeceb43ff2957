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

/** Whether the index follows, which takes a few rows to read. */
export interface IndexHealth {
  /** The last event applied. */
  cursor: number;
  poisoned: { count: number; newest: PoisonedEvent[] };
}

export interface IndexStatus extends IndexHealth {
  counts: IndexCounts;
  rebuild: RebuildStatus | null;
}

const SHOWN = 10;
/** How long counts are reused, in milliseconds: counting reads one row per member. */
const COUNTED_FOR = 60_000;
let counted: { at: number; counts: IndexCounts } | null = null;

type Row = Record<string, number> & PoisonedEvent;

const healthStatements = (db: D1Database) => [
  db.prepare("SELECT seq FROM cursor WHERE id = 1"),
  db.prepare("SELECT count(*) AS count FROM poison"),
  db.prepare(`SELECT seq, did, error, at FROM poison ORDER BY seq DESC LIMIT ${SHOWN}`),
];

const healthOf = ([cursor, total, newest]: D1Result<Row>[]): IndexHealth => ({
  cursor: cursor?.results[0]?.seq ?? 0,
  poisoned: { count: total?.results[0]?.count ?? 0, newest: newest?.results ?? [] },
});

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
                FROM actor WHERE known IS NOT NULL`,
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
