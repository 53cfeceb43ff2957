/**
 * Checks the proof of one record, as com.atproto.sync.getRecord answers: a commit, and the way from it to the
 * record, or to the place where it would be.
 */
import { readCar } from "../car.ts";
import { decode } from "../cbor.ts";
import { cidFromBytes, type Cid } from "../cid.ts";
import { decodeCommit, isSignedBy } from "../commit.ts";
import { type LexMap, isMap, RECORD_BYTES } from "../data-model.ts";
import { invalidRequest } from "../refusal.ts";
import { decodeNode, lowerBound } from "./node.ts";

export interface ProvedRecord {
  did: string;
  /** The repo's signing key (did:key). */
  key: string;
  /** Collection and record key. */
  path: string;
}

/** A signed statement of a repo's owner about a path: its record, or that it has none. `rev` is the commit's. */
export type Proof =
  | { kind: "present"; rev: string; cid: Cid; bytes: Uint8Array; record: LexMap }
  | { kind: "absent"; rev: string };

/** Most bytes of a proof's archive: the largest record, and nodes of a tree that somebody filled on purpose. */
export const PROOF_BYTES = 2_000_000;

const refused = (what: string) => invalidRequest(`Invalid proof: ${what}`);

/**
 * Reads what is at the path, as the repo's owner signed it. `bytes` is a view of the archive. Refuses InvalidRequest
 * for anything else: a malformed archive, another's repo, a signature by another key, a way that breaks off. The
 * proof may be of an older commit: `rev` says how old.
 */
export async function prove(car: Uint8Array, { did, key, path }: ProvedRecord): Promise<Proof> {
  const { roots, blocks } = readCar(car, { maxBytes: PROOF_BYTES });
  const blockOf = (cid: Cid | undefined): Uint8Array => {
    const block = cid === undefined ? undefined : blocks.get(cid);
    if (block === undefined) throw refused("a block is missing");
    return block;
  };
  const signed = blockOf(roots[0]);
  const { did: owner, data, rev } = decodeCommit(signed);
  if (owner !== did) throw refused("it is of another repo");
  if (!(await isSignedBy(signed, key))) throw refused("the signature is not by the repo's key");
  const cid = findIn(data, path, blockOf);
  if (cid === null) return { kind: "absent", rev };
  const bytes = blockOf(cid);
  if (bytes.length > RECORD_BYTES) throw refused("the record is too large");
  const record = decode(bytes);
  if (!isMap(record)) throw refused("the record is not an object");
  return { kind: "present", rev, cid, bytes, record };
}

/** The record at the path. Refuses as `prove` does, and if there is none. */
export async function provedRecord(car: Uint8Array, asked: ProvedRecord): Promise<LexMap> {
  const proof = await prove(car, asked);
  if (proof.kind === "absent") throw refused("there is no such record");
  return proof.record;
}

/** Follows the links down. Blocks match their CIDs, so no way leads back to where it was. */
function findIn(root: Cid, path: string, blockOf: (cid: Cid) => Uint8Array): Cid | null {
  let at = root;
  for (;;) {
    const { keys, values, links } = decodeNode(blockOf(at));
    const index = lowerBound(keys, path);
    const value = values[index];
    if (keys[index] === path && value !== undefined) return cidFromBytes(value);
    const link = links[index];
    if (!link) return null;
    at = cidFromBytes(link);
  }
}
