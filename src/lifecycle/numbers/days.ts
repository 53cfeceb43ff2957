/** The host's numbers, counted once a day: a row for each day, kept for ever. */
import { HostTasks } from "../../identity/host-tasks.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { SEQUENCER_NAME } from "../../protocol/stations.ts";
import { readFollowing } from "../status.ts";
import { type FoundSizes, foundSizes } from "./sizes.ts";

/** A day's numbers. Those of later versions are missing in old rows. */
export interface DayNumbers {
  /** When they were counted, in ms. */
  at: number;
  /** Accounts that are neither switched off nor taken down. */
  members: number;
  /** Members who wrote a post or a follow in the 30 days before. */
  active: number;
  posts: number;
  follows: number;
  /** Likes that members gave since the host began to count them. */
  likes: number;
  /**
   * The firehose's newest event, so that the difference of two days is what was written between them. Missing
   * before the first, since events are numbered from the clock on.
   */
  written?: number | undefined;
  /** Requests since the host began to count them, and what they read and wrote in the databases. */
  requests: number;
  rowsRead: number;
  rowsWritten: number;
  /** Events not yet indexed when it was counted. */
  lag: number;
  /** Readers of the firehose and of the JSON stream. */
  readers: number;
  /** Bytes of the databases, of the event stream, and of all repos and files when they were last looked at. */
  directoryBytes: number;
  indexBytes: number;
  streamBytes: number;
  repoBytes: number;
  fileBytes: number;
  files: number;
}

export interface CountedDay {
  /** `YYYY-MM-DD` */
  day: string;
  numbers: Partial<DayNumbers>;
}

type CountBindings = Pick<Bindings, "DIRECTORY" | "APPVIEW_DB" | "SEQUENCER">;

const HOUR = 60 * 60 * 1000;
const ACTIVE_MS = 30 * 24 * HOUR;

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

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
  const [directory, { seq, bytes = 0 }, streams, { lag }] = await Promise.all([
    countDirectory(env.DIRECTORY),
    sequencer.status(),
    sequencer.streams(),
    readFollowing({ env, sequencer: () => sequencer }),
  ]);
  const { last, ...counted } = directory;
  const { newLikes, ...index } = await countIndex(env.APPVIEW_DB, now, last?.at ?? now - 24 * HOUR);
  return {
    at: now,
    ...counted,
    ...index,
    likes: (last?.likes ?? 0) + newLikes,
    written: seq === 0 ? undefined : seq,
    lag,
    readers: streams.reduce((sum, { readers }) => sum + readers, 0),
    streamBytes: bytes,
  };
}

type OfDirectory = Pick<
  DayNumbers,
  "members" | "requests" | "rowsRead" | "rowsWritten" | "directoryBytes" | "repoBytes" | "files" | "fileBytes"
>;

/** With the numbers of the day before; null if there are none. */
async function countDirectory(
  database: D1Database,
): Promise<OfDirectory & { last: Partial<DayNumbers> | null }> {
  const members = database.prepare(
    "SELECT count(*) AS members FROM account WHERE state = 'active' AND takedown IS NULL",
  );
  const [counted, used, found, newest] = await Promise.all([
    members.all<{ members: number }>(),
    usedSoFar(database).first<UsedSoFar>(),
    foundSizes(database).first<FoundSizes>(),
    readDays(database, 1),
  ]);
  return {
    members: counted.results[0]?.members ?? 0,
    requests: used?.requests ?? 0,
    rowsRead: used?.rowsRead ?? 0,
    rowsWritten: used?.rowsWritten ?? 0,
    directoryBytes: counted.meta.size_after,
    repoBytes: found?.repoBytes ?? 0,
    files: found?.files ?? 0,
    fileBytes: found?.fileBytes ?? 0,
    last: newest[0]?.numbers ?? null,
  };
}

/** @param since when likes were counted last (ms): one look an actor, and one row a new like */
async function countIndex(database: D1Database, now: number, since: number) {
  const [actors, likes] = await Promise.all([
    database
      .prepare(
        `SELECT count(written > ?1 OR NULL) AS active, coalesce(sum(posts), 0) AS posts,
          coalesce(sum(follows), 0) AS follows FROM actor WHERE known IS NOT NULL AND home IS NULL`,
      )
      .bind(now - ACTIVE_MS)
      .all<Pick<DayNumbers, "active" | "posts" | "follows">>(),
    database
      .prepare(
        `SELECT count(*) AS likes FROM actor a JOIN "like" l ON l.actor = a.did
          WHERE a.known IS NOT NULL AND a.home IS NULL AND l.sort > ?1 AND l.sort <= ?2`,
      )
      .bind(since, now)
      .first<number>("likes"),
  ]);
  return {
    active: actors.results[0]?.active ?? 0,
    posts: actors.results[0]?.posts ?? 0,
    follows: actors.results[0]?.follows ?? 0,
    newLikes: likes ?? 0,
    indexBytes: actors.meta.size_after,
  };
}

/** The use by requests since the host began to count. */
export type UsedSoFar = Pick<DayNumbers, "requests" | "rowsRead" | "rowsWritten">;

/** The statement for it; no row before the first. */
export const usedSoFar = (database: D1Database): D1PreparedStatement =>
  database.prepare(
    "SELECT requests, rows_read AS rowsRead, rows_written AS rowsWritten FROM host_use WHERE id = 1",
  );

/** A day as the statement for it gives it. */
export interface DayRow {
  day: string;
  numbers: string;
}

/** Earlier versions noted 0 for the newest event where there was none. */
export function countedDay({ day, numbers }: DayRow): CountedDay {
  const { written, ...counted } = JSON.parse(numbers) as Partial<DayNumbers>;
  return { day, numbers: { ...counted, written: written === 0 ? undefined : written } };
}

/** The statement for the newest days, the newest first. */
export const newestDays = (database: D1Database, limit: number): D1PreparedStatement =>
  database.prepare("SELECT day, numbers FROM day_number ORDER BY day DESC LIMIT ?1").bind(limit);

export async function readDays(database: D1Database, limit: number): Promise<CountedDay[]> {
  const { results } = await newestDays(database, limit).all<DayRow>();
  return results.map(countedDay);
}

/**
 * The last counted day of each of some spans, oldest first: one row a span, however long it is. A span without a
 * counted day is left out.
 * @param spans the first and the last day of each, `YYYY-MM-DD`
 */
export async function readDaysOf(
  database: D1Database,
  spans: readonly (readonly [from: string, to: string])[],
): Promise<CountedDay[]> {
  const { results } = await database
    .prepare(
      `SELECT d.day, d.numbers FROM json_each(?1) s JOIN day_number d ON d.day = (SELECT day FROM day_number
        WHERE day BETWEEN s.value ->> 0 AND s.value ->> 1 ORDER BY day DESC LIMIT 1) ORDER BY d.day`,
    )
    .bind(JSON.stringify(spans))
    .all<DayRow>();
  return results.map(countedDay);
}
