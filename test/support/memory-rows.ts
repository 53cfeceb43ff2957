/** A store of MST rows in memory that is strict about deletes: deleting a missing row is an error. */
import { cidFromBytes } from "../../src/protocol/cid.ts";
import type { BuiltMst } from "../../src/protocol/mst/build.ts";
import {
  readTop,
  rowName,
  TOP,
  TOP_NAME,
  withExtra,
  type Band,
  type BandStore,
  type MstRow,
} from "../../src/protocol/mst/row.ts";
import type { MstResult } from "../../src/protocol/mst/mst.ts";
import { must } from "../../src/protocol/refusal.ts";

export class MemoryRows implements BandStore {
  readonly rows = new Map<string, Uint8Array>();
  reads = 0;

  get(band: Band, left: string): Uint8Array | null {
    this.reads++;
    return this.rows.get(rowName({ band, left })) ?? null;
  }

  put(row: MstRow): void {
    this.rows.set(rowName(row), row.bytes);
  }

  apply(result: MstResult, extra = new Uint8Array(0)): void {
    for (const key of result.deletes)
      if (!this.rows.delete(rowName(key))) throw new Error(`deletes nothing: ${rowName(key)}`);
    for (const row of result.puts) this.put(row);
    this.rows.set(TOP_NAME, withExtra(result.top, extra));
  }

  /** Stores all rows of a build. */
  fill(build: Generator<MstRow, BuiltMst, undefined>): BuiltMst {
    for (;;) {
      const step = build.next();
      if (step.done === true) {
        this.put({ ...TOP, bytes: step.value.top });
        return step.value;
      }
      this.put(step.value);
    }
  }

  root(): string {
    return cidFromBytes(readTop(must(this.rows.get(TOP_NAME), "top")).root);
  }
}
