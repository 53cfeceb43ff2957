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
  /** The process whose CPU and memory count; null where there is none to look at. */
  pid(): number | null;
  /** Ends it and starts it again on its data; milliseconds from the start of the process to the first answer. Null: cannot. */
  restart: (() => Promise<number>) | null;
  /** The SQLite file that holds an account's repo; null where it is not known. */
  repoFile(did: string): string | null;
  stop(): Promise<void>;
}

const ACCOUNT_NAMESPACE = "atoll-AccountObject";

/** The id that workerd gives to an object by its name, which is also its file's name. */
function objectId(namespace: string, name: string): string {
  const key = createHash("sha256").update(namespace).digest();
  const first = createHmac("sha256", key).update(name).digest().subarray(0, 16);
  const second = createHmac("sha256", key).update(first).digest().subarray(0, 16);
  return Buffer.concat([first, second]).toString("hex");
}

/** Our host, from the bundled Worker, on data of its own. */
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

/** A host that runs already; it has to be open for sign-up and without rate limits. */
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
