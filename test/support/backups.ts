/** Backups in tests: made to their end, and read as another program would read them. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { AccountEntry, Manifest, StoredFile } from "../../src/lifecycle/backup/format.ts";
import { manifestKey, partKey } from "../../src/lifecycle/backup/format.ts";
import { readRuns } from "../../src/lifecycle/backup/progress.ts";
import { backUp, startRun } from "../../src/lifecycle/backup/run.ts";
import { unseal } from "../../src/lifecycle/backup/seal.ts";
import type { BackupStore } from "../../src/lifecycle/backup/backup-store.ts";
import { storeOf } from "../../src/lifecycle/backup/store.ts";
import type { AccountStation } from "../../src/protocol/account-station.ts";
import { readCar, writeCar } from "../../src/protocol/car.ts";
import { must } from "../../src/protocol/refusal.ts";
import type { Bindings } from "../../src/protocol/stations.ts";

export interface OwnerKey {
  publicKey: string;
  open(sealed: string, context: string): Promise<string>;
}

export async function newOwnerKey(): Promise<OwnerKey> {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const pair = (await crypto.subtle.generateKey(curve, true, ["deriveBits"])) as CryptoKeyPair;
  const raw = (await crypto.subtle.exportKey("raw", pair.publicKey)) as ArrayBuffer;
  const owner = { secret: pair.privateKey, point: new Uint8Array(raw) };
  return {
    publicKey: Buffer.from(raw).toString("base64url"),
    open: (sealed, context) => unseal(sealed, context, owner),
  };
}

type Env = Bindings<AccountStation>;

/** The time of the next run: no two begin in one second. */
let now = Date.UTC(2027, 0, 1);
const nextTime = (): number => (now += 60_000);

/** Makes steps until there is nothing left to do. */
export async function finish(env: Env, at = now): Promise<string> {
  for (let steps = 0; steps < 500; steps++) {
    await backUp(env, () => at);
    const [run] = await readRuns(env.DIRECTORY, 1);
    if (run === undefined) continue;
    if (run.progress.error !== null) throw new Error(run.progress.error);
    if (run.progress.phase === "done") return run.id;
  }
  throw new Error("the backup does not end");
}

/** Makes a whole backup. Returns the run. */
export async function backUpNow(env: Env): Promise<string> {
  const at = nextTime();
  await startRun(env, () => at);
  return finish(env, at);
}

async function textOf(store: BackupStore, key: string): Promise<Uint8Array> {
  const found = must(await store.get(key), key);
  return new Uint8Array(await new Response(found.stream).arrayBuffer());
}

/** A file with all its parts, whose digest is checked. */
export async function readFile(store: BackupStore, file: StoredFile): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let part = 1; part <= file.parts; part++) parts.push(await textOf(store, partKey(file.key, part)));
  const bytes = Buffer.concat(parts);
  if (createHash("sha256").update(bytes).digest("hex") !== file.sha256)
    throw new Error(`${file.key} differs`);
  return bytes;
}

export async function readLines<T>(store: BackupStore, files: readonly StoredFile[]): Promise<T[]> {
  const lines: T[] = [];
  for (const file of files) {
    const text = new TextDecoder().decode(await readFile(store, file));
    for (const line of text.split("\n")) if (line !== "") lines.push(JSON.parse(line) as T);
  }
  return lines;
}

export interface ReadRun {
  manifest: Manifest;
  accounts: Map<string, AccountEntry>;
  rows(table: string): Promise<Record<string, unknown>[]>;
  /** The archive of an account, of all its visits together. */
  archive(did: string): Promise<Uint8Array>;
  /** Lines of all lists of an account, the oldest first. */
  lines(did: string): Promise<Record<string, never>[]>;
}

export async function readRun(env: Env, run: string): Promise<ReadRun> {
  const store = storeOf(env);
  const manifest = JSON.parse(new TextDecoder().decode(await textOf(store, manifestKey(run)))) as Manifest;
  const entries = await readLines<AccountEntry>(store, manifest.accounts.files);
  const accounts = new Map(entries.map((entry) => [String(entry.did), entry]));
  const entryOf = (did: string) => must(accounts.get(did), did);
  return {
    manifest,
    accounts,
    rows: (table) => readLines(store, manifest.tables.find((each) => each.table === table)?.files ?? []),
    async archive(did) {
      const blocks = new Map<string, Uint8Array>();
      let root = "";
      for (const { car } of entryOf(did).visits) {
        if (car === null) continue;
        const read = readCar(await readFile(store, car));
        root = read.roots[0] ?? root;
        for (const [cid, bytes] of read.blocks) blocks.set(cid, bytes);
      }
      const rootBlock = must(blocks.get(root), "root");
      blocks.delete(root);
      const all = [{ cid: root, bytes: rootBlock }, ...[...blocks].map(([cid, bytes]) => ({ cid, bytes }))];
      return writeCar([root], all);
    },
    lines: (did) =>
      readLines(
        store,
        entryOf(did).visits.map(({ list }) => list),
      ),
  };
}
