/**
 * Records that an import kept although they are not of the data model: other hosts accepted them once. Their
 * blocks stay as they came; reads show them as well as they can be shown, and the index leaves them out.
 */
import { Buffer } from "node:buffer";
import type { Did } from "@atcute/lexicons";
import type { IrregularRecords } from "../../protocol/account-station.ts";
import { DAG_CBOR, cidFromDigest, type CidBytes } from "../../protocol/cid.ts";
import type { Rows } from "../../protocol/object/sql.ts";
import { uriOf } from "./records.ts";

/** Most records that are listed. The others are counted. */
const LISTED = 1000;

type Entry = [path: string, digest: string, reason: string];

/** Collects the irregular records of an archive. */
export class IrregularList {
  count = 0;
  readonly #entries: Entry[] = [];

  add(path: string, cid: CidBytes, reason: string): void {
    this.count++;
    if (this.#entries.length === LISTED) return;
    this.#entries.push([path, Buffer.from(cid.subarray(4)).toString("hex"), reason]);
  }

  /** As stored in the table `irregular`. */
  get entries(): string {
    return JSON.stringify(this.#entries);
  }
}

/** Those that are still here: neither deleted nor replaced since. */
export function irregularRecords({ sql: rows, did }: { sql: Rows; did: Did }): IrregularRecords {
  const found = rows.first<{ count: number; entries: string }>("SELECT count, entries FROM irregular");
  if (found === null) return { count: 0, records: [] };
  const all = rows.first<{ n: number }>("SELECT json_array_length(?) AS n", found.entries)?.n ?? 0;
  const records = rows.all<{ path: string; digest: ArrayBuffer; reason: string }>(
    `SELECT record.path, digest, entry.value ->> 2 AS reason FROM json_each(?) AS entry
     CROSS JOIN record ON record.path = entry.value ->> 0 AND digest = unhex(entry.value ->> 1)`,
    found.entries,
  );
  return {
    count: found.count - all + records.length,
    records: records.map(({ path, digest, reason }) => ({
      uri: uriOf(did, path),
      cid: cidFromDigest(DAG_CBOR, new Uint8Array(digest)),
      reason,
    })),
  };
}
