/**
 * The settings that the host's pages have set: one row of DIRECTORY, which each isolate holds in memory. It
 * reads the row again when its copy is a few seconds old, and mostly behind a request, not before it.
 */
import { logLine } from "../src/protocol/log-line.ts";
import type { KeptSettings, SettingName } from "../src/protocol/settings/list.ts";
import { type Shortage, isSpent } from "../src/protocol/plan/shortage.ts";
import { type Configured, NOTHING_KEPT, configure } from "../src/protocol/settings/configured.ts";

/** A copy younger than this (ms) is not looked after. */
const YOUNG_MS = 2_000;
/** A copy older than this (ms) is not used: after a change, no isolate goes on with the settings before. */
const OLD_MS = 5_000;

export interface Copy {
  version: number;
  kept: KeptSettings;
  /** What runs short on the free plan; null: nothing did when it was read. */
  shortage: Shortage | null;
  /** When it was asked for, in ms: what was changed later may be missing. */
  at: number;
  /** When a read behind a request began (ms), so that there is one at a time. */
  readingSince: number;
}

/** By the database, of which an isolate has one. */
const copies = new WeakMap<D1Database, Copy>();

export interface Store {
  DIRECTORY: D1Database;
}

/**
 * Versions begin with the clock, in ms: those of a row that is made anew are later than what isolates still hold of the
 * one before.
 */
export const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

interface Row {
  version: number;
  settings: string;
  shortage: string | null;
}

/**
 * Holds what was read, unless a read that began at about the same time found a later version. Settings that did
 * not change stay one object.
 */
function hold(database: D1Database, row: Row | null, at: number): Copy {
  const before = copies.get(database);
  const version = row?.version ?? 0;
  if (before !== undefined && before.version > version && at - before.at < OLD_MS) return before;
  const same = before?.version === version;
  const kept = same ? before.kept : row === null ? NOTHING_KEPT : (JSON.parse(row.settings) as KeptSettings);
  const shortage = typeof row?.shortage === "string" ? (JSON.parse(row.shortage) as Shortage) : null;
  const copy = { version, kept, shortage, at: Math.max(at, before?.at ?? 0), readingSince: 0 };
  copies.set(database, copy);
  return copy;
}

/** The settings as they are now, and what runs short, in one read of one row. */
export async function readCopy({ DIRECTORY }: Store): Promise<Copy> {
  const at = Date.now();
  const row = await DIRECTORY.prepare(
    "SELECT version, settings, shortage FROM host_settings WHERE id = 1",
  ).first<Row>();
  return hold(DIRECTORY, row, at);
}

/** The settings as they are now. */
export const readKept = async (store: Store): Promise<KeptSettings> => (await readCopy(store)).kept;

/** What runs short, as this isolate last read it; null from midnight on. */
export function shortageNow({ DIRECTORY }: Store, now = Date.now()): Shortage | null {
  const shortage = copies.get(DIRECTORY)?.shortage ?? null;
  return shortage === null || shortage.until <= now ? null : shortage;
}

/**
 * The settings as they were at most some seconds ago. Asks nothing if this isolate read them a moment ago.
 * Rejects if it never could. `defer` keeps the request's work alive behind its answer.
 * @param spare where else they are, for when the directory answers nothing for the rest of the day
 */
export async function keptSettings(
  store: Store,
  defer: (work: Promise<unknown>) => void,
  spare?: () => Promise<KeptSettings>,
): Promise<KeptSettings> {
  const copy = copies.get(store.DIRECTORY);
  if (copy === undefined) {
    return readKept(store).catch(async (thrown: unknown) => {
      if (spare === undefined || !isSpent(thrown)) throw thrown;
      const settings = JSON.stringify(await spare());
      return hold(store.DIRECTORY, { version: 0, settings, shortage: null }, Date.now()).kept;
    });
  }
  const now = Date.now();
  const age = now - copy.at;
  if (age < YOUNG_MS) return copy.kept;
  const reread = () =>
    readKept(store).catch((cause: unknown) => {
      logLine("warn", "settings", { message: "could not be read again", cause });
      return copy.kept;
    });
  if (age > OLD_MS) return reread();
  if (now - copy.readingSince > OLD_MS) {
    copy.readingSince = now;
    defer(reread());
  }
  return copy.kept;
}

/** A Worker's bindings with its settings: those of the environment, under them those that are kept. */
export async function configured<Env extends Store>(
  env: Env,
  defer: (work: Promise<unknown>) => void,
): Promise<Configured<Env>> {
  return configure(env, await keptSettings(env, defer));
}

/** Settings to keep, in their normal form; null: forget it, so that its default holds. */
export type SettingChanges = Partial<Record<SettingName, string | null>>;

/**
 * Changes some settings, in one write of one row. Changes of others at the same time are kept. This isolate
 * has them at once.
 * @param along what belongs to the same transaction
 */
export async function keepSettings(
  { DIRECTORY }: Store,
  changes: SettingChanges,
  along: D1PreparedStatement[] = [],
): Promise<KeptSettings> {
  const at = Date.now();
  const change = DIRECTORY.prepare(
    `INSERT INTO host_settings (id, version, settings) VALUES (1, ${NOW}, json_patch('{}', ?1))
     ON CONFLICT (id) DO UPDATE SET version = version + 1, settings = json_patch(settings, ?1)
     RETURNING version, settings, shortage`,
  ).bind(JSON.stringify(changes));
  const [changed] = await DIRECTORY.batch<Row>([change, ...along]);
  return hold(DIRECTORY, changed?.results[0] ?? null, at).kept;
}
