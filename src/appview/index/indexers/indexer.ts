/** The index changes of one collection. Each collection has one file; `registry.ts` lists them. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { BaseSchema } from "@atcute/lexicons/validations";
import type { Json } from "../../../protocol/json.ts";

/** The most bytes of a record in the index, if its indexer names no other limit. */
export const RECORD_BYTES = 8_000;

/** A record to put, in its state after the batch: valid by its lexicon, and within the indexer's limit. */
export interface Put {
  uri: ResourceUri;
  did: Did;
  collection: string;
  rkey: string;
  cid: string;
  record: Json;
  sort: number;
  indexed: number;
  /** Whether this batch created the record, so that there is no older version to remove first. */
  fresh: boolean;
  /** Whether its author lives on another host. */
  elsewhere: boolean;
}

/** A record to remove. With `keep`, the row stays if it has exactly that version. */
export interface Gone {
  uri: ResourceUri;
  did: Did;
  rkey: string;
  keep: { cid: string; indexed: number } | null;
}

export interface Indexer {
  collection: string;
  schema: BaseSchema;
  /** The most bytes of a record in the index: answers show many. */
  limit?: number;
  /** Rules beyond the lexicon. A record that fails is skipped, like one that the lexicon rejects. */
  accepts?: (put: Put) => boolean;
  /** Removes rows. Runs before every `put` of the batch, whatever the collection. */
  remove(db: D1Database, gone: Gone[]): D1PreparedStatement[];
  put(db: D1Database, puts: Put[]): D1PreparedStatement[];
  /** SQL for the keys and versions of all rows of one repo (`?1`, its DID), as columns `rkey`, `cid`, `indexed`. */
  existing: string;
}

/** The row of a `Gone`: did, rkey, uri, cid, indexed. */
export const goneRow = ({ did, rkey, uri, keep }: Gone) =>
  [did, rkey, uri, keep?.cid ?? null, keep?.indexed ?? null] as const;
