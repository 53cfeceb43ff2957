/** Verifies commits by code that is not ours: `@ipld/dag-cbor` and `@atproto/crypto`. */
import { verifySignature } from "@atproto/crypto";
import * as dagCbor from "@ipld/dag-cbor";
import { type Commit, decodeCommit } from "../../src/protocol/commit.ts";

/** The commit in a block. Throws if it is of another DID, or if the signature is not the key's. */
export async function verifyCommit(block: Uint8Array, did: string, didKey: string): Promise<Commit> {
  const { sig, ...unsigned } = dagCbor.decode<Record<string, unknown>>(block);
  if (unsigned["did"] !== did) throw new Error(`a commit of ${String(unsigned["did"])}`);
  if (!(sig instanceof Uint8Array) || !(await verifySignature(didKey, dagCbor.encode(unsigned), sig)))
    throw new Error("bad signature");
  return decodeCommit(block);
}
