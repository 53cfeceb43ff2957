/** The reference network of `@atproto/dev-env`: its PDS, its AppView, and the AppView's databases. */
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
  /** Process id of the one Node that all its services share. */
  pid: number | null;
  /** Process ids of Postgres and Redis. */
  databasePids: (number | null)[];
  /** Resolves once the AppView has indexed all writes. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the network, which writes only below `folder`. Throws a `LaunchError` if a database is not
 * installed.
 */
export async function startReferenceNetwork(folder: string): Promise<ReferenceNetwork> {
  const binaries = findDatabases();
  installDevEnv("there is no doing without");
  const databases = await startDatabases(binaries, folder);
  const own = path.join(folder, "network");
  mkdirSync(own, { recursive: true });
  // Its PDS puts its folders into the system's temporary one.
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
      // One at a time, since an answer does not name its request.
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
