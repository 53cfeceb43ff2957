/**
 * The account's blobs, and the records that refer to them. The bytes are in a store of files; the tables map a CID
 * to its key there. A blob is temporary while no record refers to it, so keeping a blob costs no row of its own.
 *
 * A write never touches the store. When a blob loses its last record, the same transaction puts its key into
 * `trash`, and the alarm deletes the object under that key.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { AccountSizes, BlobLocation, BlobUpload } from "../protocol/account-station.ts";
import type { FileStore, StoredFile } from "../protocol/object/files.ts";
import type { Rows, Sql } from "../protocol/object/sql.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { heldBytes } from "./files/held.ts";
import { type BlobRef, uriOf } from "./records/records.ts";

/** How long an upload waits for a record that refers to it. */
export const GRACE_MS = 24 * 3_600_000;
/** Most keys that R2 deletes in one call. */
const DELETED_AT_ONCE = 1000;

type BlobRow = { key: string; mime: string; size: number; takedown: string | null };

// ---------------------------------------------------------------------------------------------- reading

/** Finds a blob that a record refers to, never a temporary one. Refuses InvalidRequest `Blob not found`. */
export function findKeptBlob(rows: Rows, cid: string): BlobLocation {
  const row = rows.first<BlobRow>("SELECT key, mime, size, takedown FROM blob WHERE cid = ?", cid);
  if (row === null || row.takedown !== null || !isReferenced(rows, cid)) {
    throw invalidRequest("Blob not found");
  }
  return { key: row.key, mimeType: row.mime, size: row.size };
}

/** The size of a blob, temporary or kept; null when it is not here. */
export const storedSize = (rows: Rows, cid: string): number | null =>
  rows.first<{ size: number }>("SELECT size FROM blob WHERE cid = ?", cid)?.size ?? null;

interface Page {
  cursor?: string | undefined;
  limit: number;
}

/** CIDs that records refer to, in order. With `since` (a rev), counts only records of later commits. */
export function listBlobs(
  rows: Rows,
  { since, cursor = "", limit }: Page & { since?: string | undefined },
): string[] {
  const found =
    since === undefined
      ? rows.all<{ cid: string }>(
          "SELECT DISTINCT cid FROM blob_ref WHERE cid > ? ORDER BY cid LIMIT ?",
          cursor,
          limit,
        )
      : rows.all<{ cid: string }>(
          `SELECT DISTINCT cid FROM blob_ref JOIN record USING (path)
           WHERE cid > ? AND record.rev > ? ORDER BY cid LIMIT ?`,
          cursor,
          since,
          limit,
        );
  return found.map((row) => row.cid);
}

/** Blobs that records refer to but that are not here, each with one of those records. */
export function listMissingBlobs(
  { sql: rows, did }: { sql: Rows; did: Did },
  { cursor = "", limit }: Page,
): { cid: string; recordUri: ResourceUri }[] {
  const missing = rows.all<{ cid: string; path: string }>(
    `SELECT cid, min(path) AS path FROM blob_ref AS ref
     WHERE cid > ? AND NOT EXISTS (SELECT 1 FROM blob WHERE blob.cid = ref.cid)
     GROUP BY cid ORDER BY cid LIMIT ?`,
    cursor,
    limit,
  );
  return missing.map(({ cid, path }) => ({ cid, recordUri: uriOf(did, path) }));
}

export function countBlobs(rows: Rows): { expected: number; imported: number } {
  const row = rows.first<{ expected: number; imported: number }>(
    "SELECT (SELECT count(DISTINCT cid) FROM blob_ref) AS expected, (SELECT count(*) FROM blob) AS imported",
  );
  return { expected: row?.expected ?? 0, imported: row?.imported ?? 0 };
}

/** With the files, temporary ones among them. */
export function sizesOf(sql: Sql): AccountSizes {
  const counted = sql.first<{ files: number; fileBytes: number }>(
    "SELECT count(*) AS files, coalesce(sum(size), 0) AS fileBytes FROM blob",
  );
  const held = heldBytes(sql);
  return {
    repoBytes: Math.max(0, sql.size - held),
    heldBytes: held,
    files: counted?.files ?? 0,
    fileBytes: counted?.fileBytes ?? 0,
  };
}

export function blobTakedown(rows: Rows, cid: string): { applied: boolean; ref?: string } | null {
  const row = rows.first<BlobRow>("SELECT takedown FROM blob WHERE cid = ?", cid);
  if (row === null) return null;
  return row.takedown === null ? { applied: false } : { applied: true, ref: row.takedown };
}

const isReferenced = (rows: Rows, cid: string) =>
  rows.first("SELECT 1 FROM blob_ref WHERE cid = ? LIMIT 1", cid) !== null;

// ---------------------------------------------------------------------------------------------- writing

/**
 * Registers an upload. `keep` is false if the CID was already here and the new upload is not needed. Refuses
 * InvalidRequest for a blob that is taken down.
 */
export function registerBlob(
  sql: Sql,
  { cid, key, mimeType, size }: BlobUpload,
  now: number,
): { keep: boolean; mimeType: string; size: number } {
  const row = sql.first<BlobRow>("SELECT key, mime, size, takedown FROM blob WHERE cid = ?", cid);
  if (row === null) {
    sql.run(
      "INSERT INTO blob (cid, key, mime, size, created_at) VALUES (?, ?, ?, ?, ?)",
      cid,
      key,
      mimeType,
      size,
      now,
    );
    return { keep: true, mimeType, size };
  }
  if (row.takedown !== null) throw invalidRequest("Blob has been takendown, cannot re-upload");
  // A repeated upload gets the full waiting time again.
  if (!isReferenced(sql, cid)) sql.run("UPDATE blob SET created_at = ? WHERE cid = ?", now, cid);
  return { keep: row.key === key, mimeType: row.mime, size: row.size };
}

/** How one write changes the blobs that a record refers to. */
export interface BlobChange {
  path: string;
  before: string[];
  after: BlobRef[];
}

/**
 * Updates blob references inside the write's transaction. What the replaced record referred to is no new claim,
 * and is not checked: after a move, its blob may be missing. Refuses BlobNotFound, InvalidMimeType, InvalidSize.
 */
export function relinkBlobs(sql: Sql, changes: BlobChange[]): void {
  const dropped = new Set<string>();
  for (const { path, before, after } of changes) {
    const now = new Set(after.map((blob) => blob.cid));
    for (const cid of new Set(before)) {
      if (now.has(cid)) continue;
      sql.run("DELETE FROM blob_ref WHERE cid = ? AND path = ?", cid, path);
      dropped.add(cid);
    }
  }
  for (const { path, before, after } of changes) {
    const known = new Set(before);
    for (const blob of after) {
      if (known.has(blob.cid)) continue;
      checkReference(sql, blob);
      known.add(blob.cid);
      linkBlob(sql, blob.cid, path);
    }
  }
  for (const cid of dropped) if (!isReferenced(sql, cid)) discardBlob(sql, cid);
}

/** Checks that a temporary blob is what the record says it is. A kept one was checked before. */
function checkReference(sql: Sql, { cid, mimeType, size }: BlobRef): void {
  const row = sql.first<BlobRow>("SELECT key, mime, size, takedown FROM blob WHERE cid = ?", cid);
  if (row === null || row.takedown !== null) {
    throw new Refusal("BlobNotFound", `Could not find blob: ${cid}`);
  }
  if (row.mime === mimeType && row.size === size) return;
  if (isReferenced(sql, cid)) return;
  if (row.mime !== mimeType) {
    throw new Refusal(
      "InvalidMimeType",
      `Referenced Mimetype does not match stored blob. Expected: ${row.mime}, Got: ${mimeType}`,
    );
  }
  throw new Refusal(
    "InvalidSize",
    `Referenced Size does not match stored blob. Expected: ${row.size}, Got: ${size}`,
  );
}

function linkBlob(sql: Sql, cid: string, path: string): void {
  sql.run("INSERT INTO blob_ref (cid, path) VALUES (?, ?) ON CONFLICT DO NOTHING", cid, path);
}

function discardBlob(sql: Sql, cid: string): void {
  const row = sql.first<{ key: string }>(
    "DELETE FROM blob WHERE cid = ? AND takedown IS NULL RETURNING key",
    cid,
  );
  if (row !== null) sql.run("INSERT INTO trash (key) VALUES (?) ON CONFLICT DO NOTHING", row.key);
}

export function takedownBlob(sql: Sql, cid: string, takedown: string | null): void {
  sql.run("UPDATE blob SET takedown = ? WHERE cid = ?", takedown, cid);
}

// ---------------------------------------------------------------------------------------------- sweeping

/** Discards uploads that no record came to refer to. Returns when to look again, or null when none waits. */
export function discardExpired(sql: Sql, now: number): number | null {
  return sql.transaction(() => {
    const waiting = sql.all<{ cid: string; created_at: number }>(
      "SELECT cid, created_at FROM blob WHERE takedown IS NULL AND NOT EXISTS (SELECT 1 FROM blob_ref WHERE blob_ref.cid = blob.cid)",
    );
    let next: number | null = null;
    for (const { cid, created_at: createdAt } of waiting) {
      const due = createdAt + GRACE_MS;
      if (due <= now) discardBlob(sql, cid);
      else next = Math.min(next ?? due, due);
    }
    return next;
  });
}

export const hasTrash = (rows: Rows) => rows.first("SELECT 1 FROM trash LIMIT 1") !== null;

/** Deletes the files named in `trash`, then removes their keys from `trash`. */
export async function emptyTrash(sql: Sql, store: FileStore): Promise<void> {
  for (;;) {
    const keys = sql
      .all<{ key: string }>("SELECT key FROM trash LIMIT ?", DELETED_AT_ONCE)
      .map((row) => row.key);
    if (keys.length === 0) return;
    await store.delete(keys);
    sql.run("DELETE FROM trash WHERE key IN (SELECT value FROM json_each(?))", JSON.stringify(keys));
  }
}

/**
 * Deletes files that no row knows: uploads whose Worker died before it could register them. Returns when
 * the next one would be due, or null when there is none.
 */
export async function deleteStrays(
  sql: Sql,
  store: FileStore,
  did: string,
  now: number,
): Promise<number | null> {
  // Read once. What is registered meanwhile is young.
  const rows = sql.all<{ key: string }>("SELECT key FROM blob UNION ALL SELECT key FROM trash");
  const known = new Set(rows.map((row) => row.key));
  let next: number | null = null;
  await deleteObjects(store, did, ({ key, uploaded }) => {
    if (known.has(key)) return false;
    const due = uploaded.getTime() + GRACE_MS;
    if (due <= now) return true;
    next = Math.min(next ?? due, due);
    return false;
  });
  return next;
}

/** Deletes those of an account's files that `isMeant` picks. */
export async function deleteObjects(
  store: FileStore,
  did: string,
  isMeant: (object: StoredFile) => boolean,
): Promise<void> {
  for await (const objects of listObjects(store, did)) {
    const meant = objects.filter(isMeant);
    if (meant.length > 0) await store.delete(meant.map(({ key }) => key));
  }
}

async function* listObjects(store: FileStore, did: string): AsyncGenerator<StoredFile[]> {
  let cursor: string | undefined;
  do {
    const page = await store.list({ prefix: `${did}/`, ...(cursor === undefined ? {} : { cursor }) });
    yield page.objects;
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}
