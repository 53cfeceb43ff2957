/** Copies a run to a folder, with all that makes it whole: a backup of one's own. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type StoredFile, blobKey, manifestKey, partKey } from "../../src/lifecycle/backup/format.ts";
import type { Backup } from "./backup.ts";

export interface Copied {
  files: number;
  bytes: number;
  /** Blobs that could not be had. */
  missing: string[];
}

/** Files that are there already are not fetched again. Throws `Damaged`. */
export async function download(backup: Backup, folder: string, say: (line: string) => void): Promise<Copied> {
  const { manifest, source } = backup;
  const copied: Copied = { files: 0, bytes: 0, missing: [] };
  const put = (key: string, bytes: Uint8Array) => {
    const file = path.join(folder, key);
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    // Under another name until it is whole.
    writeFileSync(`${file}.part`, bytes);
    renameSync(`${file}.part`, file);
    copied.files++;
    copied.bytes += bytes.byteLength;
  };
  const copy = async (stored: StoredFile) => {
    if (existsSync(path.join(folder, partKey(stored.key, stored.parts)))) return;
    await backup.read(stored);
    for (let part = 1; part <= stored.parts; part++) {
      const key = partKey(stored.key, part);
      put(key, (await source.get(key)) ?? new Uint8Array());
    }
  };
  const { tables, accounts, logo = null } = manifest;
  for (const file of [...tables.flatMap(({ files }) => files), ...accounts.files]) await copy(file);
  if (logo !== null) await copy(logo);
  for await (const entry of backup.accounts()) {
    for (const { car, list } of entry.visits) {
      if (car !== null) await copy(car);
      await copy(list);
    }
    for (const blob of (await backup.account(entry)).blobs) {
      const key = blobKey(entry.did, blob.cid);
      if (existsSync(path.join(folder, key))) continue;
      const bytes = await source.blob(entry.did, blob);
      if (bytes === null) copied.missing.push(blob.cid);
      else put(key, bytes);
    }
    say(entry.did);
  }
  put(manifestKey(manifest.run), new TextEncoder().encode(JSON.stringify(manifest, null, 1)));
  return copied;
}
