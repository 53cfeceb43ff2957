/** A host under measurement. */
import { createHash, createHmac } from "node:crypto";
import path from "node:path";
import { startHost } from "../dev/host.ts";
import { Client } from "./client.ts";
import { listenerOf } from "./process.ts";

export interface Target {
  readonly name: "atoll" | "reference";
  readonly version: string;
  readonly client: Client;
  /** The process whose CPU and memory count; null if not known. */
  pid(): number | null;
  /**
   * Restarts it on its data. Resolves with the milliseconds from the start of the process to the first
   * answer. Null if it cannot restart.
   */
  restart: (() => Promise<number>) | null;
  /** The SQLite file of an account's repo; null if not known. */
  repoFile(did: string): string | null;
  stop(): Promise<void>;
}

const ACCOUNT_NAMESPACE = "atoll-AccountObject";

/** The id that workerd derives from an object's name. It is also the name of the object's file. */
function objectId(namespace: string, name: string): string {
  const key = createHash("sha256").update(namespace).digest();
  const first = createHmac("sha256", key).update(name).digest().subarray(0, 16);
  const second = createHmac("sha256", key).update(first).digest().subarray(0, 16);
  return Buffer.concat([first, second]).toString("hex");
}

/** Starts our host from the bundled Worker, with its own data. */
export async function startAtoll(dataDir: string, log: (line: string) => void): Promise<Target> {
  const host = await startHost({
    dataDir,
    vars: { REGISTRATION: "open", RATE_LIMITS: "off" },
    log: (entry) => log(JSON.stringify(entry)),
  });
  const client = new Client(host.origin);
  return {
    name: "atoll",
    version: "this tree",
    client,
    pid: () => host.pid,
    restart: null,
    repoFile: (did) =>
      path.join(dataDir, "state/do", ACCOUNT_NAMESPACE, `${objectId(ACCOUNT_NAMESPACE, did)}.sqlite`),
    async stop() {
      client.close();
      await host.stop();
    },
  };
}

/** Uses a running host. It must have open registration and no rate limits. */
export function attach(origin: string): Target {
  const url = new URL(origin);
  const client = new Client(url.origin);
  return {
    name: "atoll",
    version: `running at ${url.origin}`,
    client,
    pid: () => listenerOf(Number(url.port === "" ? 80 : url.port)),
    restart: null,
    repoFile: () => null,
    stop: () => Promise.resolve(client.close()),
  };
}
