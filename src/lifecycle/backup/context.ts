/** The state that the steps of a run share. */
import { createHash } from "node:crypto";
import type { AccountStation } from "../../protocol/account-station.ts";
import type { Bindings } from "../../protocol/stations.ts";
import type { Progress, Run } from "./progress.ts";
import type { Sealer } from "./seal.ts";
import type { BackupStore } from "./backup-store.ts";

export interface RunContext {
  env: Bindings<AccountStation>;
  /** The run's id. */
  run: string;
  current: Run;
  /** Of `current`. */
  progress: Progress;
  store: BackupStore;
  sealer: Sealer;
  /** Of PART_BYTES, for one file at a time. */
  buffer: Uint8Array;
  /** Whether blobs are copied. */
  copies: boolean;
}

/** A backup that goes elsewhere, or is sealed for another key, begins anew. */
export const placeOf = ({ BACKUP_TO, BACKUP_KEY }: Pick<Bindings, "BACKUP_TO" | "BACKUP_KEY">): string =>
  createHash("sha256").update(`${BACKUP_TO} ${BACKUP_KEY}`).digest("hex").slice(0, 16);
