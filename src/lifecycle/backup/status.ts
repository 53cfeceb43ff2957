/** The host's backups as owners see them. */
import type { PlcClient } from "../../identity/plc/client.ts";
import type { Host } from "../../identity/host.ts";
import { invalidRequest, must } from "../../protocol/refusal.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { placeOf } from "./context.ts";
import { type Run, readRuns } from "./progress.ts";
import { startRun } from "./run.ts";
import type { Listed } from "./backup-store.ts";
import { storeOf } from "./store.ts";

/** Runs that are shown. */
const SHOWN = 30;

export interface ShownRun {
  id: string;
  phase: Run["progress"]["phase"];
  /** When its manifest was written, in milliseconds; null before. */
  endedAt: number | null;
  accounts: number;
  visited: number;
  bytes: number;
  failed: [did: string, why: string][];
  error: string | null;
}

export interface BackupStatus {
  /** The public key; empty: no backups are made. */
  key: string;
  /** Where backups go; empty: the host's own R2. */
  to: string;
  runs: ShownRun[];
  host: Pick<Host, "origin" | "did" | "handleDomains"> & { members: number; rotationKey: string };
}

const shownRun = ({ id, endedAt, progress }: Run): ShownRun => {
  const { phase, accounts, visited, bytes, failed, error } = progress;
  return { id, endedAt, phase, accounts, visited, bytes, failed, error };
};

export async function readShownRuns(env: Bindings): Promise<ShownRun[]> {
  const runs = await readRuns(env.DIRECTORY, SHOWN);
  return runs.filter(({ progress }) => progress.place === placeOf(env)).map(shownRun);
}

export async function readStatus({
  env,
  host: { origin, did, handleDomains },
  plc,
}: {
  env: Bindings;
  host: Host;
  plc: PlcClient;
}): Promise<BackupStatus> {
  const members = env.DIRECTORY.prepare(
    "SELECT count(*) AS members FROM account WHERE state IN ('active', 'deactivated')",
  ).first<number>("members");
  const host = {
    origin,
    did,
    handleDomains,
    members: (await members) ?? 0,
    rotationKey: await plc.rotationKey(),
  };
  return { key: env.BACKUP_KEY, to: env.BACKUP_TO, runs: await readShownRuns(env), host };
}

/** Begins a run, unless one is under way. Returns its id. Refuses InvalidRequest without an owner's key. */
export async function start(env: Bindings): Promise<string> {
  if (env.BACKUP_KEY === "") throw invalidRequest("There is no key yet that secrets could be sealed for");
  await startRun(env);
  const [run] = await readRuns(env.DIRECTORY, 1);
  return must(run, "run").id;
}

export const listFiles = (
  env: Bindings,
  prefix: string,
  after: string,
): Promise<{ files: Listed[]; isAll: boolean }> => storeOf(env).list(prefix, after);

/** Refuses InvalidRequest if there is no such file. */
export async function readFile(env: Bindings, key: string): Promise<Response> {
  const found = await storeOf(env).get(key);
  if (found === null) throw invalidRequest(`There is no file ${key}`);
  return new Response(found.stream, {
    headers: { "content-type": "application/octet-stream", "content-length": String(found.size) },
  });
}
