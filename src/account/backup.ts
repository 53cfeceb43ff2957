/** Takes from an account for a backup, and gives back for a restore. Implements `KeepableAccount`. */
import { Buffer } from "node:buffer";
import type { AccountBackup, BackupPage, KeptAccount, KeptParts } from "../protocol/object/account-backup.ts";
import type { BlobUpload } from "../protocol/account-station.ts";
import { logLine } from "../protocol/log-line.ts";
import { walkMst } from "../protocol/mst/walk.ts";
import type { Rows, Sql } from "../protocol/object/sql.ts";
import { invalidRequest, must } from "../protocol/refusal.ts";
import { isTid } from "../protocol/tid.ts";
import type { Account } from "./account.ts";
import { exportBytes, exportOf } from "./exports.ts";
import { findRecord } from "./records/record-reader.ts";
import { treeOf } from "./tree.ts";

/** Rows of one page. */
const PAGE = 2_000;

/**
 * Marks an account whose private state has changed, for the next backup: the firehose tells nothing of that.
 * Costs a row once between two backups. If the directory is away, the next full backup has it.
 */
export async function markDue(directory: D1Database, did: string | null): Promise<void> {
  try {
    await directory
      .prepare(
        `INSERT INTO backup_account (did, due) VALUES (?1, 1)
          ON CONFLICT (did) DO UPDATE SET due = 1 WHERE due = 0`,
      )
      .bind(did)
      .run();
  } catch (error) {
    logLine("warn", "account.backup", { did, error });
  }
}

/** @param existing looks up the account, and refuses; asked again after a wait for memory */
export async function backupOf(existing: () => Account, since: string | null): Promise<AccountBackup> {
  let { head } = existing();
  let bytes: number | null = null;
  const noting = () => {
    const account = existing();
    ({ head } = account);
    if (since === null) bytes = exportBytes(account.sql, head);
    return account;
  };
  const isSame = since !== null && head.rev <= since;
  // The head and the length are those of the turn in which the archive was begun.
  const car = isSame ? null : await exportOf(noting, since ?? undefined);
  const { sql, state } = existing();
  return { commit: { cid: head.cid, rev: head.rev }, kept: keptOf(sql, state), car, bytes };
}

type AppPasswordRow = { name: string; digest: ArrayBuffer; privileged: number; created_at: string };

function keptOf(rows: Rows, { createdAt, key }: Account["state"]): KeptAccount {
  const row = must(rows.first<{ password: string | null }>("SELECT password FROM account"), "account row");
  return {
    made: createdAt,
    signingKey: Buffer.from(key).toString("hex"),
    password: row.password,
    appPasswords: rows
      .all<AppPasswordRow>("SELECT name, digest, privileged, created_at FROM app_password ORDER BY name")
      .map(({ name, digest, privileged, created_at: createdAt }) => ({
        name,
        digest: Buffer.from(digest).toString("hex"),
        privileged: privileged === 1,
        createdAt,
      })),
    preferences: rows.all<{ namespace: string; value: string }>(
      "SELECT namespace, value FROM preference ORDER BY namespace",
    ),
  };
}

type BlobRow = { cid: string; key: string; mime: string; size: number };

const BLOBS = "blob ";
const REVS = "rev ";

/** Refuses InvalidRequest for a cursor of another form. */
export function backupPage(rows: Rows, since: string | null, cursor: string): BackupPage {
  if (cursor === "" || cursor.startsWith(BLOBS)) {
    const blobs = blobsAfter(rows, since, cursor.slice(BLOBS.length));
    const last = blobs.length < PAGE ? undefined : blobs.at(-1);
    return { blobs, revs: [], next: last === undefined ? REVS : BLOBS + last.cid };
  }
  if (!cursor.startsWith(REVS)) throw invalidRequest("Malformed cursor");
  const revs = revsAfter(rows, since, cursor.slice(REVS.length));
  const last = revs.length < PAGE ? undefined : revs.at(-1);
  return { blobs: [], revs, ...(last === undefined ? {} : { next: REVS + last[0] }) };
}

function blobsAfter(rows: Rows, since: string | null, after: string): BlobUpload[] {
  const found = rows.all<BlobRow>(
    `SELECT cid, key, mime, size FROM blob WHERE cid > ?1 AND EXISTS (
      SELECT 1 FROM blob_ref JOIN record USING (path)
       WHERE blob_ref.cid = blob.cid AND (?2 IS NULL OR record.rev > ?2)) ORDER BY cid LIMIT ?3`,
    after,
    since,
    PAGE,
  );
  return found.map(({ cid, key, mime, size }) => ({ cid, key, mimeType: mime, size }));
}

/** With `since`, the tree finds the records, so that an unchanged repo costs next to nothing. */
function revsAfter(rows: Rows, since: string | null, after: string): [string, string][] {
  if (since === null) {
    return rows
      .all<{ path: string; rev: string }>(
        "SELECT path, rev FROM record WHERE path > ? ORDER BY path LIMIT ?",
        after,
        PAGE,
      )
      .map(({ path, rev }) => [path, rev]);
  }
  const found: [string, string][] = [];
  for (const step of walkMst(treeOf(rows), since)) {
    if (step.kind === "node" || step.path <= after) continue;
    const rev = findRecord(rows, step.path)?.rev;
    if (rev !== undefined && rev > since) found.push([step.path, rev]);
    if (found.length === PAGE) break;
  }
  return found;
}

export function restoreKept(sql: Sql, kept: KeptAccount, parts: KeptParts): void {
  sql.transaction(() => {
    if (parts === "all") restoreCredentials(sql, kept);
    sql.run("DELETE FROM preference");
    for (const { namespace, value } of kept.preferences) {
      sql.run("INSERT INTO preference (namespace, value) VALUES (?, ?)", namespace, value);
    }
  });
}

/** Whoever was signed in signs in anew. */
function restoreCredentials(sql: Sql, { password, appPasswords }: KeptAccount): void {
  sql.run("UPDATE account SET password = ?, attempts = NULL", password);
  sql.run("DELETE FROM app_password");
  sql.run("DELETE FROM refresh_token");
  for (const { name, digest, privileged, createdAt } of appPasswords) {
    sql.run(
      "INSERT INTO app_password (name, digest, privileged, created_at) VALUES (?, ?, ?, ?)",
      name,
      Buffer.from(digest, "hex"),
      privileged ? 1 : 0,
      createdAt,
    );
  }
}

/** Records written since the import keep their rev. Refuses InvalidRequest for text that is no rev. */
export function restoreRevs(sql: Sql, at: string, revs: [path: string, rev: string][]): number {
  if (!revs.every(([, rev]) => isTid(rev))) throw invalidRequest("Malformed rev");
  return sql.run(
    `UPDATE record SET rev = entry.value ->> 1 FROM json_each(?1) AS entry
      WHERE record.path = entry.value ->> 0 AND record.rev = ?2 AND entry.value ->> 1 < ?2`,
    JSON.stringify(revs),
    at,
  );
}
