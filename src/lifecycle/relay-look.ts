/**
 * Who of the members is known to which relay. A relay that takes only some accounts of a host says so to nobody,
 * so each is asked about each member once a day, a few at a time.
 */
import { HostTasks } from "../identity/host-tasks.ts";
import { fetchPublic } from "../identity/outbound.ts";
import { isRefusal } from "../protocol/refusal.ts";
import { type RelayBindings, relaysOf } from "./relays.ts";

/** Members asked about at a time: with the schedule's 288 turns a day, enough for 10,000. */
const AT_ONCE = 36;
const EVERY_MS = 4 * 60_000;
const TIMEOUT_MS = 5_000;
/** Names that are kept for each relay; the counts go on. */
const KEPT = 1_000;

interface LookRow {
  origin: string;
  day: string;
  after: string | null;
  known: number;
  missing: number;
}

/** What the last finished look found. */
export interface RelayFinding {
  origin: string;
  /** `YYYY-MM-DD` */
  day: string;
  known: number;
  missing: number;
}

/** Goes on with today's look. For the Worker's schedule: may be called as often as one likes. */
export async function lookAtRelays(
  env: RelayBindings & { PUBLIC_URL: string },
  clock: () => number = Date.now,
): Promise<void> {
  const origins = env.PUBLIC_URL === "" ? [] : relaysOf(env);
  if (origins.length === 0) return;
  if (!(await new HostTasks(env.DIRECTORY, clock).begin("look at relays", EVERY_MS))) return;
  const today = new Date(clock()).toISOString().slice(0, 10);
  for (const origin of origins) await goOn(env, origin, today);
}

async function goOn(env: RelayBindings, origin: string, today: string): Promise<void> {
  const database = env.DIRECTORY;
  const stored = await database
    .prepare("SELECT origin, day, after, known, missing FROM relay_look WHERE origin = ?1")
    .bind(origin)
    .first<LookRow>();
  const row = stored?.day === today ? stored : { origin, day: today, after: "", known: 0, missing: 0 };
  if (row.after === null) return;
  const { results } = await database
    .prepare(
      `SELECT did FROM account WHERE did > ?1 AND state = 'active' AND takedown IS NULL ORDER BY did LIMIT ?2`,
    )
    .bind(row.after, AT_ONCE)
    .all<{ did: string }>();
  const asked = await Promise.all(results.map(({ did }) => isKnown(env, origin, did)));
  // A relay that does not answer says nothing about anybody.
  if (asked.includes(null)) return;
  const missing = results.filter((_, i) => asked[i] === false).map(({ did }) => did);
  await note(database, row, {
    missing,
    known: results.length - missing.length,
    after: results.length < AT_ONCE ? null : (results.at(-1)?.did ?? null),
  });
}

async function note(
  database: D1Database,
  row: LookRow,
  found: { missing: string[]; known: number; after: string | null },
): Promise<void> {
  const { origin, day } = row;
  const known = row.known + found.known;
  const missing = row.missing + found.missing.length;
  const kept = found.missing.slice(0, Math.max(0, KEPT - row.missing));
  const isDone = found.after === null;
  await database.batch([
    database
      .prepare(
        `INSERT INTO relay_look (origin, day, after, known, missing) VALUES (?1, ?2, ?3, ?4, ?5)
          ON CONFLICT (origin) DO UPDATE SET day = ?2, after = ?3, known = ?4, missing = ?5`,
      )
      .bind(origin, day, found.after, known, missing),
    database
      .prepare(
        `INSERT INTO relay_missing (origin, did, day) SELECT ?1, value, ?2 FROM json_each(?3)
          WHERE true ON CONFLICT (origin, did) DO UPDATE SET day = excluded.day`,
      )
      .bind(origin, day, JSON.stringify(kept)),
    ...(isDone
      ? [
          database
            .prepare(
              `UPDATE relay_look SET done_day = day, done_known = known, done_missing = missing WHERE origin = ?1`,
            )
            .bind(origin),
          database.prepare("DELETE FROM relay_missing WHERE origin = ?1 AND day < ?2").bind(origin, day),
        ]
      : []),
  ]);
}

/** Whether a relay takes what an account writes; null if it does not say. */
async function isKnown(env: RelayBindings, origin: string, did: string): Promise<boolean | null> {
  try {
    const url = new URL(`${origin}/xrpc/com.atproto.sync.getRepoStatus`);
    url.searchParams.set("did", did);
    const { status, body } = await fetchPublic(url, {
      local: env.LOCAL === "1",
      timeoutMs: TIMEOUT_MS,
      maxBytes: 16 * 1024,
    });
    const answer = JSON.parse(new TextDecoder().decode(body)) as { error?: unknown; active?: unknown };
    if (status === 200) return answer.active === true;
    return answer.error === "RepoNotFound" ? false : null;
  } catch (thrown) {
    if (isRefusal(thrown) || thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

/** The statement for what the last finished looks found. */
export const findings = (database: D1Database): D1PreparedStatement =>
  database.prepare(
    `SELECT origin, done_day AS day, done_known AS known, done_missing AS missing FROM relay_look
      WHERE done_day IS NOT NULL`,
  );

/** The statement for members who are missing, with their handles. */
export const missingMembers = (database: D1Database, limit: number): D1PreparedStatement =>
  database
    .prepare(
      `SELECT m.origin, m.did, a.handle FROM relay_missing m JOIN account a ON a.did = m.did
        ORDER BY m.origin, m.did LIMIT ?1`,
    )
    .bind(limit);
