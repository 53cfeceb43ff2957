/** The MST's table: reads and writes rows for `mst.ts`. The row at TOP also holds the head commit's block. */
import type { CarBlock } from "../protocol/car.ts";
import { cidOfCbor } from "../protocol/cid.ts";
import { decodeForeignCommit } from "../protocol/commit.ts";
import type { MstResult } from "../protocol/mst/mst.ts";
import { EMPTY_BLOCK, EMPTY_ROOT } from "../protocol/mst/node.ts";
import type { BandStore, RowKey } from "../protocol/mst/row.ts";
import { Row, TOP, readTop, rowName, withExtra } from "../protocol/mst/row.ts";
import type { Rows, Sql } from "../protocol/object/sql.ts";
import { must } from "../protocol/refusal.ts";

/** The repo's newest commit. */
export interface Head {
  cid: string;
  rev: string;
  /** Root of the tree. */
  data: string;
  /** The commit's block. */
  bytes: Uint8Array;
}

export function readTreeRow(rows: Rows, { band, left }: RowKey): Uint8Array | null {
  const row = rows.first<{ bytes: ArrayBuffer }>(
    "SELECT bytes FROM mst WHERE band = ? AND edge = ?",
    band,
    left,
  );
  return row === null ? null : new Uint8Array(row.bytes);
}

export const treeOf = (rows: Rows): BandStore => ({
  get: (band, left) => readTreeRow(rows, { band, left }),
});

/** Its rev may be no TID, if an import brought it: see rev-repair.ts. */
export function readHead(rows: Rows): Head {
  const { extra } = readTop(must(readTreeRow(rows, TOP), "top row of the tree"));
  // A copy, so that the buffer of the whole row can be freed.
  const bytes = extra.slice();
  const { rev, data } = decodeForeignCommit(bytes);
  return { cid: cidOfCbor(bytes), rev, data, bytes };
}

/** Most bytes of rows in a cache. */
const CACHED_BYTES = 2_000_000;

/** Caches the rows that writes touched last. Successive writes touch the same rows, most of all for posts. */
export class TreeCache implements BandStore {
  readonly #rows: Rows;
  readonly #cached = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  get(band: RowKey["band"], left: string): Uint8Array | null {
    const name = rowName({ band, left });
    const cached = this.#cached.get(name);
    if (cached !== undefined) return cached;
    const bytes = readTreeRow(this.#rows, { band, left });
    if (bytes !== null) this.#keep(name, bytes);
    return bytes;
  }

  #keep(name: string, bytes: Uint8Array): void {
    this.#drop(name);
    this.#cached.set(name, bytes);
    this.#bytes += bytes.byteLength;
    for (const oldest of this.#cached.keys()) {
      if (this.#bytes <= CACHED_BYTES) break;
      this.#drop(oldest);
    }
  }

  #drop(name: string): void {
    this.#bytes -= this.#cached.get(name)?.byteLength ?? 0;
    this.#cached.delete(name);
  }

  /** Updates the cache after an edit's transaction has been committed. */
  committed({ top, puts, deletes }: MstResult): void {
    for (const key of deletes) this.#drop(rowName(key));
    for (const row of puts) this.#keep(rowName(row), row.bytes);
    // Without the head commit, which no edit looks at.
    this.#keep(rowName(TOP), top);
  }

  clear(): void {
    this.#cached.clear();
    this.#bytes = 0;
  }
}

/** The one block of a tree without records. */
export const emptyTreeBlocks = (): CarBlock[] => [{ cid: EMPTY_ROOT, bytes: EMPTY_BLOCK }];

/** Hears of each row before it changes. */
export interface RowWatcher {
  keepTreeRow(rows: Rows, key: RowKey): void;
}

/** Writes an edit's changes, inside the write's transaction. */
export function storeTree(
  sql: Sql,
  { top, puts, deletes }: MstResult,
  head: Head,
  watcher: RowWatcher | null,
): void {
  const put = (key: RowKey, bytes: Uint8Array) => {
    watcher?.keepTreeRow(sql, key);
    sql.run(
      `INSERT INTO mst (band, edge, rev, bytes) VALUES (?, ?, ?, ?)
       ON CONFLICT (band, edge) DO UPDATE SET rev = excluded.rev, bytes = excluded.bytes`,
      key.band,
      key.left,
      head.rev,
      bytes,
    );
  };
  for (const row of puts) put(row, row.bytes);
  for (const key of deletes) {
    watcher?.keepTreeRow(sql, key);
    sql.run("DELETE FROM mst WHERE band = ? AND edge = ?", key.band, key.left);
  }
  put(TOP, withExtra(top, head.bytes));
}

/** Number of nodes in the tree, from the rows' headers alone. */
export function countNodes(rows: Rows): number {
  return rows
    .all<{ head: ArrayBuffer }>("SELECT substr(bytes, 1, 8) AS head FROM mst")
    .reduce((count, { head }) => count + new Row(new Uint8Array(head)).count, 0);
}
