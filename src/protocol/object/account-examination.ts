/** The part of an account object that the host's doctor uses. */
import type { AccountStatus } from "../events.ts";

/**
 * - `head`: the newest commit cannot be read, is not signed by the account's key, or is of another tree
 * - `tree`: a node is missing, or its bytes are not those of its CID
 * - `lost`: the tree names a record that is not there
 * - `changed`: a record's bytes are not those of its CID
 * - `stray`: a record is there that the tree does not name
 * - `links`: what is derived from a record's bytes beside it: its CID, its subject, its blobs, its takedown
 */
export type RepoFault = "head" | "tree" | "lost" | "changed" | "stray" | "links";

export interface ExaminedPage {
  /** `path`: of the record, or the last one before a damaged node. Those of `links` are mended already. */
  faults: { kind: RepoFault; path: string }[];
  records: number;
  /** The account's standing, as its object has it. */
  standing: { status: AccountStatus; handle: string | null; unsent: number };
  /** Absent on the last page. */
  next?: string;
}

export interface ExaminableAccount {
  /**
   * Compares some of the repo's records with its tree, and both with what their CIDs and the commit's signature
   * say. Each page is of one moment. Refuses AccountNotFound, InternalServerError if nothing can be read.
   */
  examine(cursor: string): Promise<ExaminedPage>;
  /**
   * Makes anew what the records and the commit tell: the tree, a lost commit that was announced, and the end of
   * stray records. Returns whether anything was changed. Refuses like `examine`.
   */
  mendRepo(): Promise<boolean>;
  /**
   * Erases what is stored of an account whose repo cannot be read, so that a restore can make it anew. Announces
   * nothing, and leaves blobs that are in R2. Refuses InvalidRequest if it can be read.
   */
  clear(): Promise<void>;
}
