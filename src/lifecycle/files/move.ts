/**
 * Moves files from the accounts' objects to R2, once a host has a bucket. A member's pictures can be seen all the
 * time (`MovedFiles`). The schedule goes on with it each minute, account by account, so it may die anywhere.
 */
import type { Did } from "@atcute/lexicons";
import { HostTasks } from "../../identity/host-tasks.ts";
import type { AccountStation } from "../../protocol/account-station.ts";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { HostFiles } from "./host-files.ts";

type MoveBindings = Pick<Bindings<AccountStation>, "BLOBS" | "ACCOUNT" | "DIRECTORY">;

export interface FileMove {
  begunAt: number;
  /** The last DID that is done; empty at the beginning. */
  after: string;
  /** How far the next account is. */
  place: number;
  /** Files of this pass that stayed, since somebody read them. */
  left: number;
  files: number;
  bytes: number;
  /** The file that was not moved, and why; null if all were. */
  error: string | null;
  /** Null while it goes on. */
  endedAt: number | null;
}

/** Less than the schedule's shortest interval. */
const EVERY_MS = 50_000;
/** Calls of accounts in a turn, and how long (ms) it may take. */
const CALLS = 12;
const TURN_MS = 20_000;

const COLUMNS = "begun_at AS begunAt, after, place, left, files, bytes, error, ended_at AS endedAt";

/** Selects the move, a `FileMove`, if one was ever begun. */
export const moveQuery = (directory: D1Database): D1PreparedStatement =>
  directory.prepare(`SELECT ${COLUMNS} FROM file_move WHERE id = 1`);

export const readMove = ({ DIRECTORY }: Pick<MoveBindings, "DIRECTORY">): Promise<FileMove | null> =>
  moveQuery(DIRECTORY).first<FileMove>();

/** Begins it, or begins anew if it ended. Refuses InvalidRequest without a bucket. */
export async function beginMove({ BLOBS, DIRECTORY }: MoveBindings, now = Date.now()): Promise<void> {
  if (BLOBS === undefined) throw invalidRequest("This host has no R2 bucket yet");
  await DIRECTORY.prepare(
    `INSERT INTO file_move (id, begun_at, after, place, left, files, bytes) VALUES (1, ?1, '', 0, 0, 0, 0)
      ON CONFLICT (id) DO UPDATE SET begun_at = ?1, after = '', place = 0, left = 0, files = 0, bytes = 0,
        error = NULL, ended_at = NULL WHERE ended_at IS NOT NULL`,
  )
    .bind(now)
    .run();
}

/**
 * For the Worker's schedule: may be called as often as one likes.
 * @returns whether there was something to move
 */
export async function moveFiles(env: MoveBindings, clock: () => number = Date.now): Promise<boolean> {
  const { BLOBS, DIRECTORY } = env;
  const begun = BLOBS === undefined ? null : await readMove(env);
  if (BLOBS === undefined || begun === null || begun.endedAt !== null) return false;
  if (!(await new HostTasks(DIRECTORY, clock).begin("move files", EVERY_MS))) return false;
  const turn = { ...begun };
  const until = clock() + TURN_MS;
  for (let calls = 0; calls < CALLS && clock() < until && turn.endedAt === null; calls++)
    await step(env, BLOBS, turn, clock);
  await note(DIRECTORY, turn);
  return true;
}

/** Moves what one call of the next account moves. An account that fails holds up no other. */
async function step(env: MoveBindings, bucket: R2Bucket, turn: FileMove, clock: () => number): Promise<void> {
  const did = await env.DIRECTORY.prepare(
    "SELECT did FROM account WHERE did > ?1 AND state <> 'deleted' ORDER BY did LIMIT 1",
  )
    .bind(turn.after)
    .first<Did>("did");
  if (did === null) return endPass(env.DIRECTORY, bucket, turn, clock());
  try {
    const { files, bytes, next, left, error } = await env.ACCOUNT.getByName(did).moveFiles(turn.place);
    turn.files += files;
    turn.bytes += bytes;
    turn.left += left;
    turn.error = error ?? turn.error;
    turn.place = next ?? 0;
    if (next === null) turn.after = did;
  } catch (thrown) {
    turn.error = `${did}: ${messageOf(thrown)}`;
    logLine("error", "files.move", { did, error: turn.error });
    turn.after = did;
    turn.place = 0;
  }
}

/** After the last account: the host's own. Files that somebody read meanwhile are looked at once more. */
async function endPass(database: D1Database, bucket: R2Bucket, turn: FileMove, now: number): Promise<void> {
  await moveHostFiles(database, bucket);
  if (turn.left === 0) turn.endedAt = now;
  turn.after = "";
  turn.left = 0;
}

async function moveHostFiles(database: D1Database, bucket: R2Bucket): Promise<void> {
  const files = new HostFiles(database);
  for (const { key } of await files.list("host/")) {
    const file = await files.get(key);
    if (file === null) continue;
    await bucket.put(key, await file.arrayBuffer());
    await files.delete([key]);
  }
}

async function note(
  database: D1Database,
  { after, place, left, files, bytes, error, endedAt }: FileMove,
): Promise<void> {
  await database
    .prepare(
      `UPDATE file_move SET after = ?1, place = ?2, left = ?3, files = ?4, bytes = ?5, error = ?6, ended_at = ?7
        WHERE id = 1`,
    )
    .bind(after, place, left, files, bytes, error, endedAt)
    .run();
}
