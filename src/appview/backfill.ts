/**
 * A repo indexed whole, from the account object: after an import, which emits no commits, and in a rebuild. What the
 * index has and the repo has not is taken away; what both have alike is left alone. May run twice, or half and again.
 */
import type { Did } from "@atcute/lexicons";
import { decodeToJson } from "../protocol/cbor.ts";
import { isRefusal } from "../protocol/refusal.ts";
import type { BackfillSource } from "../protocol/stations.ts";
import { guard, statementsOf } from "./batch.ts";
import { type Changes, addPut, noChanges, putOf } from "./changes.ts";
import { indexers } from "./indexers/registry.ts";
import { revInstant } from "./instants.ts";
import { uriOf } from "./uris.ts";

/** Rows a batch: small enough that a batch ends well within D1's 30 seconds, whatever the records do to others. */
const ROWS = 400;

interface Progress {
  rev: string;
  /** Paths (`collection/rkey`) that the repo has. */
  paths: Set<string>;
}

/**
 * Puts every record of the repo into the index, then removes what it does not have. The cursor is guarded at `seq`
 * throughout and not moved.
 * @returns the rev up to which the index now stands; null when the account has no repo any more.
 */
export async function backfill(
  db: D1Database,
  source: BackfillSource,
  did: Did,
  seq: number,
): Promise<string | null> {
  const seen = await putAll(db, source, did, seq);
  if (seen === null) return null;
  await removeOthers(db, did, seq, seen.paths);
  return seen.rev;
}

async function putAll(
  db: D1Database,
  source: BackfillSource,
  did: Did,
  seq: number,
): Promise<Progress | null> {
  const seen: Progress = { rev: "", paths: new Set() };
  let cursor: string | undefined;
  do {
    const page = await pageOf(source, cursor);
    if (page === null) return null;
    seen.rev = page.rev > seen.rev ? page.rev : seen.rev;
    for (let from = 0; from < page.records.length; from += ROWS) {
      const changes: Changes = noChanges();
      for (const { path, cid, rev, bytes } of page.records.slice(from, from + ROWS)) {
        seen.paths.add(path);
        const slash = path.indexOf("/");
        const key = { did, collection: path.slice(0, slash), rkey: path.slice(slash + 1) };
        const put = putOf({ ...key, cid, indexed: revInstant(rev), fresh: false }, valueOf(bytes));
        if (put === null) seen.paths.delete(path);
        else addPut(changes, put);
      }
      await apply(db, seq, changes);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return seen;
}

/** A record that is not canonical is none that can be shown; it does not stop the others. */
function valueOf(bytes: Uint8Array): unknown {
  try {
    return decodeToJson(bytes);
  } catch {
    return null;
  }
}

async function pageOf(source: BackfillSource, cursor: string | undefined) {
  try {
    return await source.backfill(cursor);
  } catch (thrown) {
    if (isRefusal(thrown) && thrown.error === "RepoNotFound") return null;
    throw thrown;
  }
}

async function removeOthers(db: D1Database, did: Did, seq: number, paths: Set<string>): Promise<void> {
  const found = await db.batch<{ rkey: string }>(
    indexers.map(({ existing }) => db.prepare(existing).bind(did)),
  );
  let changes = noChanges();
  for (const [i, indexer] of indexers.entries()) {
    for (const { rkey } of found[i]?.results ?? []) {
      if (paths.has(`${indexer.collection}/${rkey}`)) continue;
      const uri = uriOf(did, indexer.collection, rkey);
      changes.records.set(uri, { kind: "gone", gone: { uri, did, rkey, keep: null } });
      if (changes.records.size < ROWS) continue;
      await apply(db, seq, changes);
      changes = noChanges();
    }
  }
  await apply(db, seq, changes);
}

async function apply(db: D1Database, seq: number, changes: Changes): Promise<void> {
  if (changes.records.size > 0) await db.batch([guard(db, seq, seq), ...statementsOf(db, changes)]);
}
