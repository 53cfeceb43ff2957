/**
 * Asks each relay which members it knows. A relay that takes only some accounts of a host says so to
 * nobody, so each is asked about each member once a day, a few at a time.
 */
import { HostTasks } from "../identity/host-tasks.ts";
import { fetchPublic } from "../identity/outbound.ts";
import { isRefusal } from "../protocol/refusal.ts";
import type { Bindings } from "../protocol/stations.ts";
import { type RelayBindings, relaysOf } from "./relays.ts";

/**
 * Members that one relay is asked about in a turn, by Cloudflare's plan. On the free one, a turn of the whole
 * schedule has fifty outgoing requests; on the paid one, a day asks three relays about 10,000 members.
 */
const AT_ONCE: Record<Bindings["PLAN"], number> = { free: 10, paid: 24 };
/** The schedule's shortest interval, less what it may be late. */
const EVERY_MS = 50_000;
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

type LookBindings = RelayBindings & Pick<Bindings, "PUBLIC_URL" | "PLAN">;

/** The result of the last finished look. */
export interface RelayFinding {
  origin: string;
  /** `YYYY-MM-DD` */
  day: string;
  known: number;
  missing: number;
}

/**
 * Goes on with today's look, at one relay after the other, so that one that does not answer holds up no other.
 * Forgets what relays knew that the settings name no more. For the Worker's schedule: may be called as often as
 * one likes.
 */
export async function lookAtRelays(env: LookBindings, clock: () => number = Date.now): Promise<void> {
  const origins = env.PUBLIC_URL === "" ? [] : relaysOf(env);
  const { results: rows } = await env.DIRECTORY.prepare(
    "SELECT origin, day, after, known, missing FROM relay_look",
  ).all<LookRow>();
  const gone = rows.map(({ origin }) => origin).filter((origin) => !origins.includes(origin));
  if (gone.length > 0) await forget(env.DIRECTORY, gone);
  const now = clock();
  const today = new Date(now).toISOString().slice(0, 10);
  const waiting = origins
    .map((origin) => rows.find((row) => row.origin === origin && row.day === today) ?? begun(origin, today))
    .filter(({ after }) => after !== null);
  const next = waiting[Math.floor(now / 60_000) % waiting.length];
  if (next === undefined || !(await new HostTasks(env.DIRECTORY, clock).begin("look at relays", EVERY_MS)))
    return;
  await goOn(env, next);
}

const begun = (origin: string, day: string): LookRow => ({ origin, day, after: "", known: 0, missing: 0 });

async function forget(database: D1Database, origins: readonly string[]): Promise<void> {
  const list = JSON.stringify(origins);
  await database.batch(
    ["relay_look", "relay_missing", "relay"].map((table) =>
      database.prepare(`DELETE FROM ${table} WHERE origin IN (SELECT value FROM json_each(?1))`).bind(list),
    ),
  );
}

async function goOn(env: LookBindings, row: LookRow): Promise<void> {
  const database = env.DIRECTORY;
  const most = AT_ONCE[env.PLAN];
  const { results } = await database
    .prepare(
      `SELECT did FROM account WHERE did > ?1 AND state = 'active' AND takedown IS NULL ORDER BY did LIMIT ?2`,
    )
    .bind(row.after, most)
    .all<{ did: string }>();
  const asked = await Promise.all(results.map(({ did }) => isKnown(env, row.origin, did)));
  // A relay that answers nothing is away. One that says nothing of somebody is not asked about them again today.
  if (results.length > 0 && asked.every((known) => known === null)) return;
  await note(database, row, {
    missing: results.filter((_, i) => asked[i] === false).map(({ did }) => did),
    known: asked.filter((known) => known === true).length,
    after: results.length < most ? null : (results.at(-1)?.did ?? null),
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
