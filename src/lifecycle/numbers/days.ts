/** The host's numbers, counted once a day: a row for each day, kept for ever. */
import { HostTasks } from "../../identity/host-tasks.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { SEQUENCER_NAME } from "../../protocol/stations.ts";
import { readFollowing } from "../status.ts";

/** A day's numbers. Those of later versions may be missing in old rows. */
export interface DayNumbers {
  /** Accounts that are neither switched off nor taken down. */
  members: number;
  /** Who wrote a post or a follow in the 30 days before. */
  active: number;
  posts: number;
  follows: number;
  /** The firehose's newest event, so that the difference of two days is what was written between them. */
  written: number;
  /** Events not yet indexed when it was counted. */
  lag: number;
  /** Readers of the firehose and of the JSON stream. */
  readers: number;
  /** Bytes of the databases. */
  directoryBytes: number;
  indexBytes: number;
}

export interface CountedDay {
  /** `YYYY-MM-DD` */
  day: string;
  numbers: Partial<DayNumbers>;
}

type CountBindings = Pick<Bindings, "DIRECTORY" | "APPVIEW_DB" | "SEQUENCER">;

const HOUR = 60 * 60 * 1000;
const ACTIVE_MS = 30 * 24 * HOUR;

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Counts today, unless it is counted. For the Worker's schedule: may be called as often as one likes. */
export async function countDay(env: CountBindings, clock: () => number = Date.now): Promise<void> {
  const now = clock();
  const database = env.DIRECTORY;
  const has = await database.prepare("SELECT 1 FROM day_number WHERE day = ?1").bind(dayOf(now)).first();
  if (has !== null || !(await new HostTasks(database, clock).begin("count numbers", HOUR))) return;
  const numbers = await count(env, now);
  await database
    .prepare("INSERT OR REPLACE INTO day_number (day, numbers) VALUES (?1, ?2)")
    .bind(dayOf(now), JSON.stringify(numbers))
    .run();
}

async function count(env: CountBindings, now: number): Promise<DayNumbers> {
  const sequencer = env.SEQUENCER.getByName(SEQUENCER_NAME);
  const [members, index, { seq }, streams, { lag }] = await Promise.all([
    env.DIRECTORY.prepare(
      "SELECT count(*) AS members FROM account WHERE state = 'active' AND takedown IS NULL",
    ).all<{ members: number }>(),
    env.APPVIEW_DB.prepare(
      `SELECT count(written > ?1 OR NULL) AS active, coalesce(sum(posts), 0) AS posts,
        coalesce(sum(follows), 0) AS follows FROM actor WHERE known IS NOT NULL`,
    )
      .bind(now - ACTIVE_MS)
      .all<Pick<DayNumbers, "active" | "posts" | "follows">>(),
    sequencer.status(),
    sequencer.streams(),
    readFollowing({ env, sequencer: () => sequencer }),
  ]);
  return {
    members: members.results[0]?.members ?? 0,
    active: index.results[0]?.active ?? 0,
    posts: index.results[0]?.posts ?? 0,
    follows: index.results[0]?.follows ?? 0,
    written: seq,
    lag,
    readers: streams.reduce((sum, { readers }) => sum + readers, 0),
    directoryBytes: members.meta.size_after,
    indexBytes: index.meta.size_after,
  };
}

/** The newest days, the newest first. */
export async function readDays(database: D1Database, limit: number): Promise<CountedDay[]> {
  const { results } = await database
    .prepare("SELECT day, numbers FROM day_number ORDER BY day DESC LIMIT ?1")
    .bind(limit)
    .all<{ day: string; numbers: string }>();
  return results.map(({ day, numbers }) => ({ day, numbers: JSON.parse(numbers) as Partial<DayNumbers> }));
}
