/**
 * Shared by likes, reposts and follows: rows whose columns hold the whole record, and their notifications.
 */
import { type Json, at, textOf } from "../../../protocol/json.ts";
import { livesHere, overRows } from "../statements.ts";
import { didOf } from "../../uris.ts";
import type { Indexer, Put } from "./indexer.ts";
import { insertUnique } from "./unique.ts";

const KEYS = new Set(["$type", "subject", "createdAt", "via"]);
const REF_KEYS = new Set(["$type", "uri", "cid"]);

const plainRef = (ref: unknown): boolean =>
  ref === undefined ||
  (typeof ref === "object" &&
    ref !== null &&
    Object.keys(ref).every((key) => REF_KEYS.has(key) && key !== "$type"));

/** The whole record as JSON if its row's columns do not hold all of it, else null. */
export function surplus(record: Json): string | null {
  const plain =
    Object.keys(record).every((key) => KEYS.has(key)) &&
    (typeof record.subject === "string" || plainRef(record.subject)) &&
    plainRef(record.via);
  return plain ? null : JSON.stringify(record);
}

const COLUMNS = "subject, actor, rkey, cid, sort, indexed, subject_cid, created, via, via_cid, record";

const interactionRow = ({ did, rkey, cid, sort, indexed, record }: Put) =>
  [
    textOf(at(record, "subject", "uri")) ?? "",
    did,
    rkey,
    cid,
    sort,
    indexed,
    textOf(at(record, "subject", "cid")) ?? "",
    textOf(record.createdAt) ?? "",
    textOf(at(record, "via", "uri")) ?? null,
    textOf(at(record, "via", "cid")) ?? null,
    surplus(record),
  ] as const;

/**
 * Notifies the subject's author, and the reposter through whose repost the actor found it; never the actor.
 * Rows: recipient, uri, reason, reason's subject; then the key of the interaction: subject, actor, rkey.
 */
function interactionNotices(put: Put, reason: string, reasonVia: string) {
  const subject = textOf(at(put.record, "subject", "uri")) ?? "";
  const via = textOf(at(put.record, "via", "uri"));
  const key = [subject, put.did, put.rkey] as const;
  const author = didOf(subject);
  // As in the reference, liking your own post through a repost does not notify the reposter.
  if (author === put.did) return [];
  const notices = [[author, put.uri, reason, subject, ...key]];
  if (via !== undefined && didOf(via) !== put.did) {
    notices.push([didOf(via), put.uri, reasonVia, via, ...key]);
  }
  return notices;
}

/** Puts likes or reposts. Those that count cause notifications; those that wait as duplicates do not. */
export function putInteractions(table: string, reason: string): Indexer["put"] {
  const insert = insertUnique(table, COLUMNS);
  const notify = `INSERT INTO notification (did, sort, uri, reason, subject, author, indexed)
  SELECT value ->> 0, i.sort, value ->> 1, value ->> 2, value ->> 3, i.actor, i.indexed
  FROM json_each(?1) CROSS JOIN ${table} AS i
    ON i.subject = value ->> 4 AND i.actor = value ->> 5 AND i.rkey = value ->> 6
  WHERE ${livesHere("value ->> 0")}
  ON CONFLICT DO NOTHING`;
  return (db, puts) => [
    ...overRows(db, insert, puts.map(interactionRow)),
    ...overRows(
      db,
      notify,
      puts.flatMap((put) => interactionNotices(put, reason, `${reason}-via-repost`)),
    ),
  ];
}
