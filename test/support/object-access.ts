/** What only tests do to an account object: read its storage, run its alarm, kill it. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Did } from "@atcute/lexicons";
import type { AccountObject } from "../../src/account/object.ts";
import { decodeFrame, spliceSeq } from "../../src/protocol/event-frames.ts";
import type { CommitEvent } from "../../src/protocol/events.ts";
import { Sql } from "../../src/protocol/object/sql.ts";

const namespace: DurableObjectNamespace<AccountObject> = (env as never)["ACCOUNT"];

export const stubOf = (did: Did) => namespace.getByName(did);

/** The rows of a query on the object's own SQLite. */
export function rowsOf(did: Did, query: string): Promise<Record<string, SqlStorageValue>[]> {
  return runInDurableObject(stubOf(did), (_, state) => state.storage.sql.exec(query).toArray());
}

/** Changes the object's storage behind its back. */
export const change = (did: Did, statements: string): Promise<unknown> =>
  runInDurableObject(stubOf(did), (_, state) => void state.storage.sql.exec(statements));

/** The last commit that the account has announced, or is about to announce. */
export async function lastCommitOf(did: Did): Promise<CommitEvent> {
  const [row] = await rowsOf(
    did,
    "SELECT frame, seq_at FROM log WHERE kind = 'commit' ORDER BY position DESC LIMIT 1",
  );
  if (!(row?.["frame"] instanceof ArrayBuffer)) throw new Error("no commit in the log");
  const event = decodeFrame(spliceSeq(new Uint8Array(row["frame"]), Number(row["seq_at"]), 1));
  if (event.kind !== "commit") throw new Error(`a frame of kind ${event.kind}`);
  return event;
}

/** The bytes of all database pages in use. The highest value so far is the size of the file. */
export const bytesInUse = (did: Did): Promise<number> =>
  runInDurableObject(stubOf(did), (_, state) => state.storage.sql.databaseSize);

/** Runs `read` on the object's storage; returns its result and the number of rows it reads. */
export function rowsReadBy<T>(did: Did, read: (sql: Sql) => T): Promise<{ result: T; rows: number }> {
  return runInDurableObject(stubOf(did), (_, state) => {
    const sql = new Sql(state.storage);
    const result = read(sql);
    return { result, rows: sql.rows.read };
  });
}

/** Kills the object as a power cut would: writes of its last turn are lost, committed writes stay. */
export async function kill(did: Did): Promise<void> {
  await runInDurableObject(stubOf(did), (_, state) => state.abort("killed by a test")).catch(() => undefined);
}

/** Kills the object in the same turn in which it calls `run`, before any of its writes is durable. */
export async function killDuring(did: Did, run: (object: AccountObject) => Promise<unknown>): Promise<void> {
  await runInDurableObject(stubOf(did), (instance, state) => {
    run(instance).catch(() => undefined);
    state.abort("killed by a test");
  }).catch(() => undefined);
}

/**
 * Imports an archive. At the end of each turn, `atTurn` gets the number of turns so far and the bytes that
 * the database has in use. If it returns true, the object dies. Resolves when the import has ended either
 * way.
 */
export async function importInTurns(
  did: Did,
  car: Uint8Array,
  atTurn: (turns: number, bytesInUse: number) => boolean,
): Promise<void> {
  const wait = scheduler.wait.bind(scheduler);
  let turns = 0;
  try {
    await runInDurableObject(stubOf(did), (instance, state) => {
      scheduler.wait = (...args) => {
        // The turns of an import; others wait for memory.
        if (args[0] === 0 && atTurn(++turns, state.storage.sql.databaseSize)) state.abort("killed by a test");
        return wait(...args);
      };
      return instance.importRepo(new Blob([car]).stream());
    }).catch(() => undefined);
  } finally {
    scheduler.wait = wait;
  }
}

/** Runs the alarm now, if one is set. */
export const ring = (did: Did): Promise<boolean> => runDurableObjectAlarm(stubOf(did));

export const alarmOf = (did: Did): Promise<number | null> =>
  runInDurableObject(stubOf(did), (_, state) => state.storage.getAlarm());

/** Makes all uploads older by `ms`. */
export async function shiftBlobs(did: Did, ms: number): Promise<void> {
  await runInDurableObject(stubOf(did), (_, state) => {
    state.storage.sql.exec("UPDATE blob SET created_at = created_at - ?", ms);
    state.storage.sql.exec("UPDATE file SET at = at - ?", ms);
    state.storage.sql.exec("UPDATE account SET sweep_at = sweep_at - ?", ms);
  });
  await kill(did);
}

const sequencers: { getByName: unknown } = (env as never)["SEQUENCER"];
const real = sequencers.getByName;

/** All objects send to this sequencer from now on; null restores the real one. */
export function useSequencer(sequencer: object | null): void {
  sequencers.getByName = sequencer === null ? real : () => sequencer;
}
