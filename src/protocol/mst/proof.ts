/** Checks the proof of one record, as com.atproto.sync.getRecord answers: a commit, and the way from it to the record. */
import { readCar } from "../car.ts";
import { decode, encode, fromBytes, isBytes } from "../cbor.ts";
import { cidFromBytes, type Cid } from "../cid.ts";
import { decodeCommit } from "../commit.ts";
import { type LexMap, isMap } from "../data-model.ts";
import { verify } from "../keys.ts";
import { invalidRequest } from "../refusal.ts";
import { decodeNode, lowerBound } from "./node.ts";

export interface ProvedRecord {
  did: string;
  /** The repo's signing key (did:key). */
  key: string;
  /** Collection and record key. */
  path: string;
}

const refused = (what: string) => invalidRequest(`Invalid proof: ${what}`);

/**
 * The record at the path, as its repo's owner signed it. Refuses InvalidRequest for anything else: a malformed
 * archive, another's repo, a signature by another key, a record that is not there.
 */
export async function provedRecord(car: Uint8Array, { did, key, path }: ProvedRecord): Promise<LexMap> {
  const { roots, blocks } = readCar(car);
  const blockOf = (cid: Cid | undefined): Uint8Array => {
    const block = cid === undefined ? undefined : blocks.get(cid);
    if (block === undefined) throw refused("a block is missing");
    return block;
  };
  const signed = blockOf(roots[0]);
  const commit = decodeCommit(signed);
  if (commit.did !== did) throw refused("it is of another repo");
  if (!(await isSigned(signed, key))) throw refused("the signature is not by the repo's key");
  const record = decode(blockOf(findIn(commit.data, path, blockOf)));
  if (!isMap(record)) throw refused("the record is not an object");
  return record;
}

async function isSigned(commit: Uint8Array, key: string): Promise<boolean> {
  const fields = decode(commit);
  if (!isMap(fields)) return false;
  const { sig, ...unsigned } = fields;
  return isBytes(sig) && verify(key, encode(unsigned), fromBytes(sig));
}

/** Follows the links down. Blocks match their CIDs, so no way leads back to where it was. */
function findIn(root: Cid, path: string, blockOf: (cid: Cid) => Uint8Array): Cid {
  let at = root;
  for (;;) {
    const { keys, values, links } = decodeNode(blockOf(at));
    const index = lowerBound(keys, path);
    const value = values[index];
    if (keys[index] === path && value !== undefined) return cidFromBytes(value);
    const link = links[index];
    if (!link) throw refused("there is no such record");
    at = cidFromBytes(link);
  }
}
