/**
 * A look at an account's storage: the tree from its signed root down, and each record beside it. A page is read in
 * one turn, so it is of one moment; a write between two pages is on one side of the border or on the other.
 */
import { sameBytes, sha256 } from "../../protocol/cid.ts";
import { walkMst } from "../../protocol/mst/walk.ts";
import type { ExaminedPage, RepoFault } from "../../protocol/object/account-examination.ts";
import type { Rows, Sql } from "../../protocol/object/sql.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import type { Account } from "../account.ts";
import { type RecordRow, endOfPage, jsonOfRow } from "../records/record-reader.ts";
import { blobCidsOf, subjectOf } from "../records/records.ts";
import { statusOf } from "../state.ts";
import { treeOf } from "../tree.ts";
import { soundHead, storedHead } from "./head.ts";

const PAGE_RECORDS = 1_000;
const PAGE_BYTES = 1_000_000;

type Faults = ExaminedPage["faults"];
type ExaminedRow = RecordRow & { subject: number | null };

/** `tree`: records beside the tree; `records`: records alone, since the tree cannot be read. */
interface Place {
  mode: "tree" | "records";
  after: string;
}

/** @param cursor empty: from the beginning. Refuses InvalidRequest for one of another form. */
export async function examine(account: Account, cursor: string): Promise<ExaminedPage> {
  const { state, outbox, sql } = account;
  const standing = { status: statusOf(state), handle: state.handle, unsent: outbox.unsent };
  if (cursor === "" && (await soundHead(account)) === null) {
    const next = asCursor({ mode: "records", after: "" });
    return { faults: [{ kind: "head", path: "" }], records: 0, standing, next };
  }
  const { faults, records, next } = examinePage(sql, placeOf(cursor));
  return { faults, records, standing, ...(next !== null && { next: asCursor(next) }) };
}

const asCursor = ({ mode, after }: Place): string => `${mode} ${after}`;

function placeOf(cursor: string): Place {
  if (cursor === "") return { mode: "tree", after: "" };
  const [, mode, after = ""] = /^(tree|records) (.*)$/.exec(cursor) ?? [];
  if (mode !== "tree" && mode !== "records") throw invalidRequest("Malformed cursor");
  return { mode, after };
}

function examinePage(sql: Sql, place: Place): { faults: Faults; records: number; next: Place | null } {
  const { mode, after } = place;
  const full = endOfPage(sql, after, PAGE_BYTES, PAGE_RECORDS);
  const isLast = full === null || sql.first("SELECT 1 FROM record WHERE path > ? LIMIT 1", full) === null;
  const tree = mode === "tree" ? readTree(sql, after, isLast ? null : full) : null;
  if (tree?.isBroken) {
    return { faults: [{ kind: "tree", path: tree.last }], records: 0, next: { mode: "records", after } };
  }
  const end = tree === null ? (isLast ? null : full) : tree.end;
  const rows = sql.all<ExaminedRow>(
    `SELECT path, digest, rev, takedown, subject, value FROM record
      WHERE path > ?1 AND (?2 IS NULL OR path <= ?2) ORDER BY path`,
    after,
    end,
  );
  const faults: Faults = [];
  const note = (kind: RepoFault, path: string) => void faults.push({ kind, path });
  const takedowns = takedownsIn(sql, after, end);
  for (const row of rows) {
    const { path } = row;
    const kind = faultOf(sql, row, tree === null ? null : (tree.records.get(path) ?? "stray"));
    tree?.records.delete(path);
    if (kind !== null) note(kind, path);
    if (kind === "changed" || kind === "stray") continue;
    if (mendLinks(sql, row, takedowns.get(path) ?? null) && kind === null) note("links", path);
  }
  for (const path of tree?.records.keys() ?? []) note("lost", path);
  if (end === null && tree !== null && dropLooseLinks(sql)) note("links", "");
  return { faults, records: rows.length, next: end === null ? null : { mode, after: end } };
}

interface TreePart {
  /** Digests of records by path. */
  records: Map<string, Uint8Array>;
  /** The last path that belongs to the page; null: there are no more. */
  end: string | null;
  /** The last path that was read. */
  last: string;
  isBroken: boolean;
}

/** The records of the tree after a path, in order. Throws at a node whose bytes are not those of its CID. */
export function* soundRecords(rows: Rows, after = ""): Generator<{ path: string; digest: Uint8Array }> {
  for (const step of walkMst(treeOf(rows), undefined, after)) {
    const digest = step.cid.subarray(4);
    if (step.kind === "record") yield { path: step.path, digest };
    else if (!sameBytes(sha256(step.bytes), digest)) throw new Error("a node of other bytes");
  }
}

/** Reads the tree after a path, up to another (null: to its end), checking the bytes of each node it passes. */
function readTree(rows: Rows, after: string, upTo: string | null): TreePart {
  const records = new Map<string, Uint8Array>();
  const part = (end: string | null, isBroken = false): TreePart => ({ records, end, last, isBroken });
  let last = after;
  try {
    if (storedHead(rows) === null) return part(null, true);
    for (const { path, digest } of soundRecords(rows, after)) {
      if (upTo !== null && path > upTo) return part(upTo);
      if (path <= last) return part(null, true);
      last = path;
      records.set(path, digest);
      // The table may have lost any number of them.
      if (records.size === 2 * PAGE_RECORDS) return part(last);
    }
    return part(upTo);
  } catch {
    return part(null, true);
  }
}

/**
 * Compares a record with its bytes, and with what the tree says. A wrong digest beside the right bytes is mended.
 * @param wanted the tree's digest; null if the tree cannot be read
 */
function faultOf(sql: Sql, row: ExaminedRow, wanted: Uint8Array | "stray" | null): RepoFault | null {
  if (wanted === "stray") return "stray";
  const digest = new Uint8Array(row.digest);
  const real = sha256(new Uint8Array(row.value));
  if (sameBytes(real, digest) && (wanted === null || sameBytes(digest, wanted))) return null;
  if (wanted === null || !sameBytes(real, wanted)) return "changed";
  sql.run("UPDATE record SET digest = ? WHERE path = ?", real, row.path);
  return "links";
}

function takedownsIn(rows: Rows, after: string, end: string | null): Map<string, string> {
  const found = rows.all<{ path: string; ref: string }>(
    "SELECT path, ref FROM record_takedown WHERE path > ?1 AND (?2 IS NULL OR path <= ?2)",
    after,
    end,
  );
  return new Map(found.map(({ path, ref }) => [path, ref]));
}

/** Writes what a record's row and its blobs should be, where they are not. Returns whether anything was wrong. */
function mendLinks(sql: Sql, row: ExaminedRow, takedown: string | null): boolean {
  const { path } = row;
  const json = readable(row);
  const subject =
    json === null ? row.subject : (subjectOf(path.slice(0, path.indexOf("/")), json)?.hash ?? null);
  let isWrong = false;
  if (subject !== row.subject || takedown !== row.takedown) {
    sql.run("UPDATE record SET subject = ?, takedown = ? WHERE path = ?", subject, takedown, path);
    isWrong = true;
  }
  for (const cid of new Set(json === null ? [] : blobCidsOf(json))) {
    if (sql.first("SELECT 1 FROM blob_ref WHERE cid = ? AND path = ?", cid, path) !== null) continue;
    sql.run("INSERT INTO blob_ref (cid, path) VALUES (?, ?)", cid, path);
    isWrong = true;
  }
  return isWrong;
}

function readable(row: RecordRow): ReturnType<typeof jsonOfRow> | null {
  try {
    return jsonOfRow(row);
  } catch {
    return null;
  }
}

/** Drops links of records that are in neither table nor tree. Those of a lost record keep its blobs for a restore. */
function dropLooseLinks(sql: Sql): boolean {
  const loose = sql.all<{ path: string }>(
    "SELECT DISTINCT path FROM blob_ref WHERE NOT EXISTS (SELECT 1 FROM record WHERE record.path = blob_ref.path)",
  );
  const gone = loose.filter(({ path }) => !readTree(sql, path.slice(0, -1), path).records.has(path));
  for (const { path } of gone) sql.run("DELETE FROM blob_ref WHERE path = ?", path);
  return gone.length > 0;
}
