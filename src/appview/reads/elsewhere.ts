/**
 * The look-up at other hosts that a member's read may ask for what the index does not have. Whoever implements it
 * asks within bounds and proves what it finds; reads add it to their facts. Guests have none.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { Json } from "../../protocol/json.ts";

/** A record of another host. Instants are in milliseconds. */
export interface ForeignRecord {
  uri: ResourceUri;
  did: Did;
  collection: string;
  cid: string;
  record: Json;
  sort: number;
  indexed: number;
}

export interface Elsewhere {
  /** Looks accounts up by DID or handle. Returns whether the index has one of them that it had not. */
  accounts(ids: readonly string[]): Promise<boolean>;
  /**
   * Looks records up, each proved by its author's signature. Posts that something here points at are in the index
   * afterwards, and are told by `indexed`.
   */
  records(uris: readonly string[]): Promise<{ found: ForeignRecord[]; indexed: ResourceUri[] }>;
  /**
   * A page of an account's posts, the newest first, as its host tells them: each is proved when it is opened. Null: it
   * cannot be asked now.
   */
  posts(
    did: Did,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<{ posts: ForeignRecord[]; cursor?: string | undefined } | null>;
  /** A record of any collection as its author signed it, whole. Null: it is not to be had now. */
  record(uri: ResourceUri): Promise<{ uri: ResourceUri; cid: string; value: Json } | null>;
  /** Looks again, after the answer, at an account that was looked up at `checked`, if that was long ago. */
  again(did: Did, checked: number): void;
  /** Looks again, after the answer, at a post of the index, which may be gone. */
  stillThere(uri: ResourceUri): void;
}
