/** What one collection does to the index. One file a collection; `registry.ts` lists them. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { BaseSchema } from "@atcute/lexicons/validations";
import type { Json } from "../../../protocol/json.ts";

/** A record as it stands after the batch, netted: valid by its lexicon. */
export interface Put {
  uri: ResourceUri;
  did: Did;
  collection: string;
  rkey: string;
  cid: string;
  record: Json;
  sort: number;
  indexed: number;
  /** Created by this batch: there is no older version to take away first. */
  fresh: boolean;
}

/** A record to take away; with `keep`, only if the row is not of that very version. */
export interface Gone {
  uri: ResourceUri;
  did: Did;
  rkey: string;
  keep: { cid: string; indexed: number } | null;
}

export interface Indexer {
  collection: string;
  /** Null: nothing but `accepts` is checked. */
  schema: BaseSchema | null;
  /** Rules beyond the lexicon; a record that fails is skipped, as one that the lexicon refuses. */
  accepts?: (put: Put) => boolean;
  /** Takes rows away. Runs before every `put` of the batch, whatever the collection. */
  remove(db: D1Database, gone: Gone[]): D1PreparedStatement[];
  put(db: D1Database, puts: Put[]): D1PreparedStatement[];
  /** The keys of all rows of one repo, `?1` its DID: column `rkey`. For backfill. */
  existing: string;
}

/** Row of a `Gone`: did, rkey, uri, cid, indexed. */
export const goneRow = ({ did, rkey, uri, keep }: Gone) =>
  [did, rkey, uri, keep?.cid ?? null, keep?.indexed ?? null] as const;
