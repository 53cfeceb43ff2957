/**
 * Repairs a repo whose head has a rev of the far future, or none that is a TID: imports once took the archive's
 * rev, which may be anything. Such a rev lets no later one follow, and puts its records on top of every
 * timeline. The repo is signed again at the clock's rev; records and nodes of later revs get that rev, and a
 * #sync announces it.
 */
import { signCommit } from "../protocol/commit.ts";
import { logLine } from "../protocol/log-line.ts";
import type { RowKey } from "../protocol/mst/row.ts";
import { TOP_NAME, capRevs, revBytes, rowName, withExtra } from "../protocol/mst/row.ts";
import type { Sql } from "../protocol/object/sql.ts";
import { must } from "../protocol/refusal.ts";
import { isTid, nextTid, tidToMicros } from "../protocol/tid.ts";
import type { Account } from "./account.ts";
import { syncEntry } from "./announce.ts";
import { statusOf } from "./state.ts";
import type { Head } from "./tree.ts";
import { readTreeRow } from "./tree.ts";

/** Far more than a clock is ever wrong by. */
const FUTURE_MS = 365 * 24 * 3_600_000;
/** A machine whose clock shows an earlier time has not been told the time yet, and repairs nothing. */
const EARLIEST = Date.UTC(2026, 0, 1);

const isPlausible = (rev: string, now: number): boolean =>
  isTid(rev) && tidToMicros(rev) / 1000 <= now + FUTURE_MS;

/**
 * Does nothing when the head's rev is plausible. Never throws: an account whose repo cannot be repaired can
 * still be taken down and destroyed. `now` is in milliseconds.
 */
export function repairRevs(account: Account, now: number): void {
  const { did } = account;
  try {
    const { rev: was, data } = account.head;
    if (now < EARLIEST || isPlausible(was, now)) return;
    const { rev } = resign(account, data, now);
    logLine("warn", "account.repair", { did, was, rev });
  } catch (error) {
    logLine("error", "account.repair", { did, error });
  }
}

function resign(account: Account, data: string, now: number): Head {
  const { sql, did, key, state } = account;
  const rev = nextTid(now * 1000, null);
  const commit = signCommit({ did, data, rev }, key);
  const head: Head = { cid: commit.cid, rev, data, bytes: commit.bytes };
  const entries = sql.transaction(() => {
    sql.run("UPDATE record SET rev = ?1 WHERE rev > ?1", rev);
    capTree(sql, head);
    const announce = state.announced && statusOf(state) === "active";
    const at = { did, time: new Date(now).toISOString() };
    return account.outbox.write(announce ? [syncEntry(at, head)] : []);
  });
  account.tree.clear();
  account.committed(entries, head);
  return head;
}

/** The row at the top also holds the head. */
function capTree(sql: Sql, { rev, bytes: head }: Head): void {
  const limit = revBytes(rev);
  const keys = sql.all<{ band: RowKey["band"]; left: string }>("SELECT band, edge AS left FROM mst");
  for (const key of keys) {
    const capped = capRevs(must(readTreeRow(sql, key), "row of the tree"), limit);
    sql.run(
      "UPDATE mst SET rev = ?, bytes = ? WHERE band = ? AND edge = ?",
      rev,
      rowName(key) === TOP_NAME ? withExtra(capped, head) : capped,
      key.band,
      key.left,
    );
  }
}
