/**
 * Files of an account that ended and is kept for some days. They stay where they are in R2. Beside the archive of
 * the repo lies a list of them, for when the account comes back.
 */
import type { FileStore } from "../../protocol/object/files.ts";
import type { Rows, Sql } from "../../protocol/object/sql.ts";

export const KEPT = "kept/";

export const keptPrefix = (did: string): string => `${KEPT}${did}/`;

/** The R2 key of an archive of the repo. */
export const archiveKey = (did: string, madeAt: number): string => `${keptPrefix(did)}${madeAt}.car`;

const listKey = (did: string): string => `${keptPrefix(did)}files.json`;

/** Whether there is an archive: then the account's files are not deleted with it. */
export async function isKept(store: FileStore, did: string): Promise<boolean> {
  const { objects } = await store.list({ prefix: keptPrefix(did), limit: 1 });
  return objects.length > 0;
}

/** Lists the files that records refer to. A list that is there already is the better one: it was made earlier. */
export async function noteFiles(rows: Rows, store: FileStore, did: string): Promise<void> {
  const files = rows.all(
    `SELECT cid, key, mime, size, takedown FROM blob
      WHERE EXISTS (SELECT 1 FROM blob_ref WHERE blob_ref.cid = blob.cid)`,
  );
  await store.put(listKey(did), JSON.stringify(files), { onlyIf: { etagDoesNotMatch: "*" } });
}

/** Files taken up in one statement, whose text may have two megabytes. */
const AT_ONCE = 2_000;

/** Takes the listed files up again. Returns how many there were. */
export async function reclaimFiles(sql: Sql, store: FileStore, did: string, now: number): Promise<number> {
  const list = await store.get(listKey(did));
  if (list === null) return 0;
  const files: unknown[] = await list.json();
  for (let from = 0; from < files.length; from += AT_ONCE)
    sql.run(
      `INSERT INTO blob (cid, key, mime, size, created_at, takedown)
        SELECT value ->> 'cid', value ->> 'key', value ->> 'mime', value ->> 'size', ?2, value ->> 'takedown'
        FROM json_each(?1) WHERE true ON CONFLICT (cid) DO NOTHING`,
      JSON.stringify(files.slice(from, from + AT_ONCE)),
      now,
    );
  return files.length;
}
