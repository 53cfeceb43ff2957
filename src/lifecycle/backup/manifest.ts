/** The end of a run: the list of all accounts, then the manifest, which says that the run is whole. */
import { hostOf } from "../../identity/host.ts";
import { logoBytes } from "../host/logo.ts";
import { DIRECTORY_MIGRATIONS } from "../../../schema/migrations.ts";
import { runTime } from "./run-notes.ts";
import type { RunContext } from "./context.ts";
import { FileWriter, PART_BYTES } from "./file-writer.ts";
import { FORMAT, type Manifest, type StoredFile, accountsKey, logoKey, manifestKey } from "./format.ts";
import { entriesAfter, noteGone } from "./kept-accounts.ts";
import { noteProgress } from "./progress.ts";

/** Accounts in one page, of a kilobyte or so each. */
const PAGE = 200;
/** Pages of one step. */
const PAGES = 20;

/** Writes the next accounts of the list; after the last, the manifest. */
export async function stepList(context: RunContext): Promise<void> {
  const { env, progress, run, store, buffer } = context;
  const database = env.DIRECTORY;
  if (progress.after === "") await noteGone(database, run);
  const writer = new FileWriter(store, accountsKey(run, progress.list.length + 1), buffer);
  let isAll = false;
  for (let page = 0; page < PAGES && !isAll && writer.bytes < PART_BYTES; page++) {
    const entries = await entriesAfter(database, progress.place, progress.after, PAGE);
    for (const entry of entries) await writer.line(entry);
    progress.accounts += entries.length;
    progress.after = entries.at(-1)?.did ?? progress.after;
    isAll = entries.length < PAGE;
  }
  progress.list = [...progress.list, await writer.end()];
  if (!isAll) return noteProgress(database, context.current);
  const endedAt = Date.now();
  const manifest = { ...manifestOf(context, endedAt), logo: await keepLogo(context) };
  await store.put(manifestKey(run), new TextEncoder().encode(JSON.stringify(manifest, null, 1)));
  progress.phase = "sweep";
  progress.after = "";
  context.current.endedAt = endedAt;
  await noteProgress(database, context.current);
}

/** The settings name it; its file is beside members' blobs. */
async function keepLogo({ env, run, store, buffer }: RunContext): Promise<StoredFile | null> {
  const bytes = await logoBytes(env, env.HOST_LOGO);
  if (bytes === null) return null;
  const writer = new FileWriter(store, logoKey(run, env.HOST_LOGO), buffer);
  await writer.write(bytes);
  return writer.end();
}

function manifestOf({ env, progress, run, copies }: RunContext, endedAt: number): Manifest {
  const { origin, did, handleDomains } = hostOf(env.PUBLIC_URL || "http://localhost", env);
  return {
    format: FORMAT,
    run,
    startedAt: new Date(runTime(run)).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
    host: {
      origin,
      did,
      formerOrigins: env.FORMER_URLS.split(",").filter((each) => each !== ""),
      handleDomains: [...handleDomains],
      version: DIRECTORY_MIGRATIONS.slice(-1).map(({ name }) => name),
    },
    key: env.BACKUP_KEY,
    tables: progress.tables,
    accounts: { count: progress.accounts, files: progress.list },
    failed: progress.failed,
    blobs: copies,
  };
}
