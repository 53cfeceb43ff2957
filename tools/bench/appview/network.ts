/** The reference network of `@atproto/dev-env`: its PDS, its AppView, and the databases that one needs. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { isObject } from "../client.ts";
import { DEV_ENV_BINARY, DEV_ENV_MODULE, installDevEnv } from "../dev-env.ts";
import { findDatabases, startDatabases, startService } from "../services.ts";

const SCRIPT = path.join(import.meta.dirname, "server.mjs");

export interface ReferenceNetwork {
  /** Origin of its PDS. */
  pds: string;
  /** Origin of its AppView. */
  appview: string;
  appviewDid: string;
  /** Of the one Node that all its services share. */
  pid: number | null;
  /** Postgres and Redis. */
  databasePids: (number | null)[];
  /** Resolves once the AppView has taken in all that was written. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/** Everything it writes goes below `folder`. Throws a `LaunchError` where a database is missing. */
export async function startReferenceNetwork(folder: string): Promise<ReferenceNetwork> {
  const binaries = findDatabases();
  installDevEnv("there is no doing without");
  const databases = await startDatabases(binaries, folder);
  const own = path.join(folder, "network");
  mkdirSync(own, { recursive: true });
  // Its PDS makes its folders where temporary ones go.
  const env = { PATH: process.env.PATH ?? "", NODE_ENV: "production", TMPDIR: own, ...databases.env };
  const { child, service } = startService(DEV_ENV_BINARY, [SCRIPT, DEV_ENV_MODULE], own, { env, ipc: true });
  const stop = async () => {
    await service.stop();
    await databases.stop();
  };
  let last = Promise.resolve();
  const settle = async () => {
    const settled = nextMessage(child, own);
    child.send("settle");
    await settled;
  };
  try {
    const { pds, appview, did } = await nextMessage(child, own);
    return {
      pds: String(pds),
      appview: String(appview),
      appviewDid: String(did),
      pid: service.pid,
      databasePids: databases.pids,
      // One after the other: an answer does not say whose it is.
      settle: () => (last = last.then(settle)),
      stop,
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

async function nextMessage(child: ChildProcess, folder: string): Promise<Record<string, unknown>> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const ended = once(child, "exit", { signal }).then(() => []);
  const [message] = await Promise.race([once(child, "message", { signal }), ended]);
  waiting.abort();
  if (isObject(message)) return message;
  const log = readFileSync(path.join(folder, "server.log"), "utf8").slice(-2000);
  throw new Error(`the reference network stopped:\n${log}`);
}
