/** Moves the files that the account's object holds itself to a bucket, once there is one. */
import { messageOf } from "../../protocol/log-line.ts";
import type { MovedFiles } from "../../protocol/object/files.ts";
import type { Sql } from "../../protocol/object/sql.ts";
import { type FileRow, dropChunks } from "./held.ts";
import { type Readers, type Reading, chunkAt } from "./reading.ts";

/** Files, and about the most bytes, that one call moves. */
const MOVED_FILES = 20;
const MOVED_BYTES = 50_000_000;

interface Moved extends FileRow {
  key: string;
}

/**
 * Moves some files to the bucket, under their keys, in the order in which they came. Each is there before it goes
 * here, so that it can be read all the time; what dies in between is moved again.
 * @param after the place that the call before returned; 0: from the beginning
 */
export async function moveFiles(
  { sql, readers }: Reading,
  bucket: R2Bucket,
  after: number,
): Promise<MovedFiles> {
  const rows = sql.all<Moved>(
    "SELECT no, key, size, at FROM file WHERE size IS NOT NULL AND no > ? ORDER BY no LIMIT ?",
    after,
    MOVED_FILES,
  );
  const moved: MovedFiles = { files: 0, bytes: 0, next: null, left: 0, error: null };
  for (const row of rows) {
    try {
      await moveFile(sql, readers, bucket, row, moved);
    } catch (thrown) {
      // One that fails holds up no other.
      moved.error = `${row.key}: ${messageOf(thrown)}`;
    }
    moved.next = row.no;
    if (moved.bytes >= MOVED_BYTES) return moved;
  }
  return rows.length < MOVED_FILES ? { ...moved, next: null } : moved;
}

async function moveFile(
  sql: Sql,
  readers: Readers,
  bucket: R2Bucket,
  { key, no, size }: Moved,
  moved: MovedFiles,
): Promise<void> {
  await copyFile(sql, bucket, key, no, size);
  moved.bytes += size;
  if (readers.has(no)) {
    moved.left += 1;
    return;
  }
  moved.files += 1;
  const isHere = sql.transaction(() => {
    dropChunks(sql, no);
    return sql.run("DELETE FROM file WHERE no = ?", no) > 0;
  });
  // It was deleted while it was copied.
  if (!isHere) await bucket.delete(key);
}

async function copyFile(sql: Sql, bucket: R2Bucket, key: string, no: number, size: number): Promise<void> {
  const { readable, writable } = new FixedLengthStream(size);
  const send = async () => {
    const writer = writable.getWriter();
    try {
      for (let offset = 0; offset < size;) {
        const bytes = chunkAt(sql, no, offset, size);
        if (bytes === null)
          throw new Error(`${key} was deleted while it was moved, or a part of it is missing`);
        await writer.write(bytes);
        offset += bytes.byteLength;
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => undefined);
      throw error;
    }
  };
  const [sent, stored] = await Promise.allSettled([send(), bucket.put(key, readable)]);
  if (sent.status === "rejected") throw sent.reason;
  if (stored.status === "rejected") throw stored.reason;
}
