/**
 * Accounts and posts of other hosts that were looked up, into the index. The caller has resolved the account's
 * names both ways and proved its records.
 */
import type { Did } from "@atcute/lexicons";
import { PROFILE, uriOf } from "../uris.ts";
import { statementsOf } from "./batch.ts";
import { addPut, noChanges } from "./changes.ts";
import type { Put } from "./indexers/indexer.ts";
import { refreshSearch } from "./indexers/profile.ts";
import { forgetting, purgeRows } from "./purge.ts";

export interface ForeignAccount {
  did: Did;
  /** Null: none that resolves both ways. */
  handle: string | null;
  /** The name of the host where it lives. */
  home: string;
  /** Null: active. */
  status: "takendown" | "suspended" | "deactivated" | null;
  /** Null: it has none. */
  profile: Put | null;
}

/** An account as the index knows it. */
export interface Standing {
  did: Did;
  home: string | null;
  /** When it was looked up last, in ms; null for members, and for accounts that are not shown. */
  checked: number | null;
  isMember: boolean;
}

/** Those of the accounts that the index has heard of. A member who has left may live elsewhere by now. */
export async function standings(db: D1Database, dids: readonly string[]): Promise<Standing[]> {
  const { results } = await db
    .prepare(
      `SELECT a.did, a.home, a.checked, a.known IS NOT NULL AND a.home IS NULL AND a.status IS NOT 'deactivated' AS member
        FROM json_each(?1) AS j CROSS JOIN actor AS a ON a.did = j.value`,
    )
    .bind(JSON.stringify(dids))
    .all<Omit<Standing, "isMember"> & { member: number }>();
  return results.map(({ member, ...row }) => ({ ...row, isMember: member === 1 }));
}

/** Never changes whoever lives here, and takes no member's name. */
const SETTLE = `INSERT INTO actor (did, handle, status, known, home, checked) VALUES (?1, ?2, ?3, ?4, ?5, ?4)
  ON CONFLICT (did) DO UPDATE SET handle = excluded.handle, status = excluded.status,
    known = coalesce(known, excluded.known), home = excluded.home, checked = excluded.checked
  WHERE known IS NULL OR home IS NOT NULL OR status = 'deactivated'`;
const UNNAME =
  "UPDATE actor SET handle = NULL WHERE did IN (SELECT value FROM json_each(?1)) AND home IS NOT NULL";

/** Puts the account into the index as it was found at `now` (ms). */
export async function settleForeign(db: D1Database, account: ForeignAccount, now: number): Promise<void> {
  const { did, status, home, profile } = account;
  const holders = await db
    .prepare("SELECT did, home FROM actor WHERE handle = ?1 AND did <> ?2")
    .bind(account.handle, did)
    .all<{ did: Did; home: string | null }>();
  const isTaken = holders.results.some((holder) => holder.home === null);
  const losers = isTaken ? [] : holders.results.map((holder) => holder.did);
  const changes = noChanges();
  if (profile !== null) addPut(changes, profile);
  else {
    const uri = uriOf(did, PROFILE, "self");
    changes.records.set(uri, { kind: "gone", gone: { uri, did, rkey: "self", keep: null } });
  }
  await db.batch([
    ...(losers.length === 0 ? [] : [db.prepare(UNNAME).bind(JSON.stringify(losers))]),
    db.prepare(SETTLE).bind(did, isTaken ? null : account.handle, status, now, home),
    ...statementsOf(db, changes),
    ...refreshSearch(db, losers),
  ]);
}

/** Which of the posts something here points at: an answer, a quote, a like, a repost or a bookmark. */
export async function pointedAt(db: D1Database, uris: readonly string[]): Promise<Set<string>> {
  const { results } = await db
    .prepare(
      `SELECT value AS uri FROM json_each(?1) WHERE EXISTS (SELECT 1 FROM post WHERE parent = value)
        OR EXISTS (SELECT 1 FROM post WHERE quoted = value) OR EXISTS (SELECT 1 FROM "like" WHERE subject = value)
        OR EXISTS (SELECT 1 FROM repost WHERE subject = value) OR EXISTS (SELECT 1 FROM bookmark_total WHERE uri = value)`,
    )
    .bind(JSON.stringify(uris))
    .all<{ uri: string }>();
  return new Set(results.map(({ uri }) => uri));
}

export async function putForeign(db: D1Database, puts: readonly Put[]): Promise<void> {
  const changes = noChanges();
  for (const put of puts) addPut(changes, put);
  if (changes.records.size > 0) await db.batch(statementsOf(db, changes));
}

/** Removes a post that its author has deleted. */
export async function removeForeign(db: D1Database, { uri, did, rkey }: Pick<Put, "uri" | "did" | "rkey">) {
  const changes = noChanges();
  changes.records.set(uri, { kind: "gone", gone: { uri, did, rkey, keep: null } });
  await db.batch(statementsOf(db, changes));
}

/** Forgets an account that its home does not have any more. What is left of its rows goes with the next sweep. */
export async function forgetForeign(db: D1Database, did: Did): Promise<void> {
  await purgeRows(db, did, null, () => true);
  await db.batch(forgetting(db, did));
}

/** Accounts that a sweep looks at. */
const SWEPT = 200;
/** Accounts kept beside those that somebody here follows or answers, by plan. */
export const FOREIGN_MOST = { free: 1_000, paid: 25_000 } as const;
/** How long (ms) an account is kept that nobody asks for. */
const UNSEEN_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * Accounts to forget: unseen for 30 days, or too many, the longest unseen first; never one that is followed. ?1 the
 * instant, ?2 how many may stay that nothing points at.
 */
const STALE = `SELECT did FROM actor INDEXED BY actor_elsewhere WHERE home IS NOT NULL AND followers = 0
    AND (checked < ?1 OR checked <= (
      SELECT checked FROM actor INDEXED BY actor_elsewhere WHERE home IS NOT NULL AND followers = 0 AND posts = 0
      ORDER BY checked DESC LIMIT 1 OFFSET ?2))
  ORDER BY checked LIMIT ${SWEPT}`;
const UNWANTED = `DELETE FROM post WHERE uri IN (
  SELECT p.uri FROM json_each(?1) AS j CROSS JOIN post AS p ON p.uri > 'at://' || j.value || '/' AND p.uri < 'at://' || j.value || '0'
  WHERE p.likes = 0 AND p.reposts = 0 AND p.replies = 0 AND p.quotes = 0 AND p.bookmarks = 0 LIMIT 1000)`;
const UNSEAT = `DELETE FROM actor_search WHERE rowid IN (
  SELECT slot FROM json_each(?1) CROSS JOIN actor ON did = value WHERE posts = 0)`;
const FORGET = `DELETE FROM actor WHERE did IN (SELECT value FROM json_each(?1)) AND home IS NOT NULL
  AND posts = 0 AND followers = 0 AND follows = 0`;
/** Those that are left are wanted, and are not looked at again before their time. */
const KEEP =
  "UPDATE actor SET checked = ?2 WHERE did IN (SELECT value FROM json_each(?1)) AND home IS NOT NULL";

/** Forgets the accounts elsewhere that nobody wants any more, and those of their posts that nothing points at. */
export async function sweepForeign(db: D1Database, now: number, most: number): Promise<void> {
  const { results } = await db
    .prepare(STALE)
    .bind(now - UNSEEN_MS, most)
    .all<{ did: Did }>();
  if (results.length === 0) return;
  const dids = JSON.stringify(results.map(({ did }) => did));
  await db.batch([
    ...[UNWANTED, UNSEAT, FORGET].map((sql) => db.prepare(sql).bind(dids)),
    db.prepare(KEEP).bind(dids, now),
  ]);
}
