/**
 * Commits, version 3 (repository spec, "Commit Objects"). The signature is over the DAG-CBOR without `sig`.
 */
import { decode, encode, fromBytes, isBytes, toBytes } from "./cbor.ts";
import { cidFromBytes, cidOfCbor, isCid, type Cid, type CidBytes } from "./cid.ts";
import { isMap, type LexMap } from "./data-model.ts";
import { showCbor } from "./foreign-cbor.ts";
import { sign, verify } from "./keys.ts";
import { invalidRequest } from "./refusal.ts";
import { isTid } from "./tid.ts";

export interface Commit {
  did: string;
  version: 3;
  /** Root of the MST. */
  data: Cid;
  /** A TID. */
  rev: string;
  /** Null in all current repos; older hosts may have set it. */
  prev: Cid | null;
  sig: Uint8Array;
}

export interface SignedCommit {
  cid: Cid;
  bytes: Uint8Array;
}

/** Signs a commit with a K-256 key. Writes `prev` as null, as the spec requires. */
export function signCommit(
  commit: { did: string; data: Cid | CidBytes; rev: string },
  privateKey: Uint8Array,
): SignedCommit {
  const data = typeof commit.data === "string" ? commit.data : cidFromBytes(commit.data);
  const unsigned: LexMap = {
    did: commit.did,
    version: 3,
    data: { $link: data },
    rev: commit.rev,
    prev: null,
  };
  const bytes = encode({ ...unsigned, sig: toBytes(sign(privateKey, encode(unsigned))) });
  return { cid: cidOfCbor(bytes), bytes };
}

const linkOf = (value: unknown): Cid | null => {
  if (!isMap(value)) return null;
  const { $link } = value;
  return typeof $link === "string" && isCid($link) ? $link : null;
};

/** Decodes a commit from its block without checking the signature. Refuses InvalidRequest. */
export function decodeCommit(bytes: Uint8Array): Commit {
  const fields = decode(bytes);
  if (!isMap(fields)) throw refused("not an object");
  const { version, rev, sig, prev } = fields;
  const { did, data } = repoOf(fields);
  if (version !== 3) throw refused("version is not 3");
  if (!isTid(rev)) throw refused("rev is not a TID");
  if (!isBytes(sig)) throw refused("no sig");
  const prevCid = linkOf(prev);
  if (prev !== undefined && prev !== null && prevCid === null) throw refused("prev is no link");
  return { did, version: 3, data, rev, prev: prevCid, sig: fromBytes(sig) };
}

const refused = (what: string) => invalidRequest(`Invalid commit: ${what}`);

/** Whether a commit's block is signed by the key (did:key). Refuses InvalidRequest: a block that is not canonical. */
export async function isSignedBy(block: Uint8Array, key: string): Promise<boolean> {
  const fields = decode(block);
  if (!isMap(fields)) return false;
  const { sig, ...unsigned } = fields;
  return isBytes(sig) && verify(key, encode(unsigned), fromBytes(sig));
}

function repoOf({ did, data }: LexMap): { did: string; data: Cid } {
  if (typeof did !== "string" || !did.startsWith("did:")) throw refused("no did");
  const root = linkOf(data);
  if (root === null) throw refused("no data");
  return { did, data: root };
}

/**
 * Decodes a commit as any host may have made it, of version 2 or 3: whose repo it is, its tree, and its rev,
 * which may be any text (empty if absent) and proves nothing. Refuses InvalidRequest.
 */
export function decodeForeignCommit(bytes: Uint8Array): { did: string; data: Cid; rev: string } {
  const fields = showCbor(bytes);
  if (!isMap(fields)) throw refused("not an object");
  const { version, rev } = fields;
  if (version !== 2 && version !== 3) throw refused("version is neither 2 nor 3");
  return { ...repoOf(fields), rev: typeof rev === "string" ? rev : "" };
}
