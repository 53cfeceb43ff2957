/**
 * Makes anew what an account's records and its commit tell. Nothing is invented: a tree is written only if its root
 * is the one that was signed, and a commit only if its CID is the one that was announced.
 */
import { DAG_CBOR, cidBytesFromDigest, cidFromBytes } from "../../protocol/cid.ts";
import { signCommit } from "../../protocol/commit.ts";
import { MstBuilder } from "../../protocol/mst/build.ts";
import { TOP, type MstRow, withExtra } from "../../protocol/mst/row.ts";
import type { Rows, Sql } from "../../protocol/object/sql.ts";
import { SEQUENCER_NAME } from "../../protocol/stations.ts";
import type { Account } from "../account.ts";
import type { Head } from "../tree.ts";
import { soundRecords } from "./examine.ts";
import { soundHead, storedHead } from "./head.ts";

/** Implements `ExaminableAccount.mendRepo`. */
export async function mendRepo(account: Account): Promise<boolean> {
  const { sql, did, key } = account;
  const sound = await soundHead(account);
  const announced = sound === null ? await lastAnnounced(account) : null;
  // From here on in one turn. A write may have come first.
  if (sound !== null) {
    if (storedHead(sql)?.cid !== sound.cid) return false;
    const named = namedIn(sql);
    if (named !== null) return dropStrays(sql, named);
    return rootOf(sql, sound.rev) === sound.data && replaceTree(account, sound);
  }
  if (announced === null) return false;
  const { rev, head } = announced;
  const data = rootOf(sql, rev);
  if (data === null) return false;
  const commit = signCommit({ did, data, rev }, key);
  return commit.cid === head && replaceTree(account, { cid: commit.cid, rev, data, bytes: commit.bytes });
}

type Announced = { rev: string; head: string };

/** The newest commit that the account has announced, as its log has it, or the sequencer. */
async function lastAnnounced({ sql, did, env }: Account): Promise<Announced | null> {
  const logged = sql.first<Announced>(
    "SELECT rev, head FROM log WHERE rev IS NOT NULL AND head IS NOT NULL ORDER BY position DESC LIMIT 1",
  );
  if (logged !== null) return logged;
  const known = await env.SEQUENCER.getByName(SEQUENCER_NAME).repo(did);
  return known === null || known.rev === null || known.head === null
    ? null
    : { rev: known.rev, head: known.head };
}

const PAGE = 1_000;

/** Builds the tree of all records, and hands out its rows as they are finished. Returns root and top row. */
function build(rows: Rows, rev: string, take: (made: MstRow[]) => void): { root: string; top: Uint8Array } {
  const builder = new MstBuilder(rev);
  for (let after = ""; ;) {
    const page = rows.all<{ path: string; digest: ArrayBuffer }>(
      "SELECT path, digest FROM record WHERE path > ? ORDER BY path LIMIT ?",
      after,
      PAGE,
    );
    for (const { path, digest } of page) {
      builder.add(path, cidBytesFromDigest(DAG_CBOR, new Uint8Array(digest)));
    }
    take(builder.takeRows());
    after = page.at(-1)?.path ?? after;
    if (page.length < PAGE) break;
  }
  const { root, top } = builder.finish();
  take(builder.takeRows());
  return { root: cidFromBytes(root), top };
}

/** The root of the tree of all records; null if they make none. Rows are not kept: a large tree fills memory. */
function rootOf(rows: Rows, rev: string): string | null {
  try {
    return build(rows, rev, () => {}).root;
  } catch {
    return null;
  }
}

function replaceTree(account: Account, head: Head): boolean {
  const { sql, exports, tree } = account;
  sql.transaction(() => {
    sql.run("DELETE FROM mst");
    const put = (band: number, edge: string, bytes: Uint8Array) =>
      sql.run("INSERT INTO mst (band, edge, rev, bytes) VALUES (?, ?, ?, ?)", band, edge, head.rev, bytes);
    const { top } = build(sql, head.rev, (made) =>
      made.forEach(({ band, left, bytes }) => put(band, left, bytes)),
    );
    put(TOP.band, TOP.left, withExtra(top, head.bytes));
  });
  exports.abortAll();
  tree.clear();
  account.committed([], head);
  return true;
}

/** The records that the tree names; null if it cannot be read. */
function namedIn(rows: Rows): Set<string> | null {
  const named = new Set<string>();
  try {
    for (const { path } of soundRecords(rows)) named.add(path);
    return named;
  } catch {
    return null;
  }
}

/** Deletes records that the signed tree does not name. Returns whether there were any. */
function dropStrays(sql: Sql, named: ReadonlySet<string>): boolean {
  const strays: string[] = [];
  for (const { path } of sql.each<{ path: string }>("SELECT path FROM record")) {
    if (!named.has(path)) strays.push(path);
  }
  sql.transaction(() => {
    for (const path of strays) {
      sql.run("DELETE FROM record WHERE path = ?", path);
      sql.run("DELETE FROM blob_ref WHERE path = ?", path);
    }
  });
  return strays.length > 0;
}
