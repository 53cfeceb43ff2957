/** Our codecs and signing beside the libraries that could do the same, each as strictly as a host needs it. */
import { Buffer } from "node:buffer";
import type { Did } from "@atcute/lexicons";
import * as atcute from "@atcute/cbor";
import { Secp256k1Keypair } from "@atproto/crypto";
import { def, MemoryBlockstore, MST, readCarWithRoot, verifyCommitSig, verifyRepoCar } from "@atproto/repo";
import * as dagCbor from "@ipld/dag-cbor";
import { CID } from "multiformats/cid";
import { create as createDigest } from "multiformats/hashes/digest";
import { readCar } from "../../../src/protocol/car.ts";
import { decodeToJson, encode } from "../../../src/protocol/cbor.ts";
import { DAG_CBOR, cidFromBytes, cidFromDigest, cidToBytes } from "../../../src/protocol/cid.ts";
import { decodeCommit } from "../../../src/protocol/commit.ts";
import type { LexMap } from "../../../src/protocol/data-model.ts";
import { sign } from "../../../src/protocol/keys.ts";
import { MstBuilder, readMst } from "../../../src/protocol/mst/build.ts";
import { checkCommit } from "../../../src/protocol/neighbour/checks.ts";
import { readFrame } from "../../../src/protocol/neighbour/frames.ts";
import { glance, type Interests } from "../../../src/protocol/neighbour/glance.ts";
import { must } from "../../../src/protocol/refusal.ts";
import { sampleRepo } from "../records.ts";
import { toIpld } from "./to-ipld.ts";
import { sampleCommit } from "./events.ts";
import { commit, digest, like, post, secret } from "./samples.ts";

/** One column of the table: what the host does, and the packages that it is compared with. */
export type Contestant =
  | "host"
  | "@atcute/cbor"
  | "@ipld/dag-cbor"
  | "multiformats"
  | "@atproto/crypto"
  | "@atproto/repo";

export interface CodecMeasure {
  title: string;
  runs: Partial<Record<Contestant, () => unknown>>;
}

/** The JSON form of what `@ipld/dag-cbor` has decoded. */
function toJson(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const cid = CID.asCID(value);
  if (cid !== null) return { $link: cid.toString() };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}

/** It reads much that is not canonical, which only shows when it encodes again. */
function decodeStrictly(bytes: Uint8Array): unknown {
  const value = dagCbor.decode(bytes);
  if (Buffer.compare(dagCbor.encode(value), bytes) !== 0) throw new Error("not canonical");
  return toJson(value);
}

function codecMeasures(name: string, value: LexMap): CodecMeasure[] {
  const bytes = encode(value);
  return [
    {
      title: `encode a ${name}`,
      runs: {
        host: () => encode(value),
        "@atcute/cbor": () => atcute.encode(value),
        "@ipld/dag-cbor": () => dagCbor.encode(toIpld(value)),
      },
    },
    {
      title: `decode a ${name} to JSON`,
      runs: {
        host: () => decodeToJson(bytes),
        "@atcute/cbor": () => atcute.decode(bytes),
        "@ipld/dag-cbor": () => decodeStrictly(bytes),
      },
    },
  ];
}

/** Checks everything that an import checks but the account's own state. */
function checkArchive(car: Uint8Array): void {
  const { roots, blocks } = readCar(car);
  const { data, rev } = decodeCommit(must(blocks.get(must(roots[0], "root")), "commit"));
  const builder = new MstBuilder(rev);
  for (const [path, cid] of readMst(data, (each) => blocks.get(each))) {
    decodeToJson(must(blocks.get(cidFromBytes(cid)), path));
    builder.add(path, cid);
  }
  if (cidFromBytes(builder.finish().root) !== data) throw new Error("another tree");
}

/** Undoes one creation on what came with it, after checking who signed. */
async function verifyByReference(frame: Uint8Array, did: string, key: string): Promise<void> {
  const [, body] = atcute.decodeFirst(frame);
  const { blocks: car, ops, prevData } = dagCbor.decode<ReferenceCommit>(body);
  const { root, blocks } = await readCarWithRoot(car);
  const commit = await new MemoryBlockstore(blocks).readObj(root, def.commit);
  if (commit.did !== did || !(await verifyCommitSig(commit, key))) throw new Error("not signed");
  let tree = MST.load(new MemoryBlockstore(blocks), commit.data);
  for (const { path } of ops) tree = await tree.delete(path);
  if (!(await tree.getPointer()).equals(prevData)) throw new Error("another tree");
}

interface ReferenceCommit {
  blocks: Uint8Array;
  ops: { path: string }[];
  prevData: Parameters<MST["add"]>[1];
}

/** A host whose members this stream's authors have never met. */
const STRANGERS: Interests = {
  relation: () => null,
  isMember: () => false,
  hasOtherMethods: false,
  collections: new Set(["app.bsky.feed.post"]),
};

function eventMeasures(did: Did): CodecMeasure[] {
  const { frame, known } = sampleCommit(did);
  const verify = async () => {
    const read = readFrame(frame);
    if (read.kind !== "event" || read.event.kind !== "commit") throw new Error(read.kind);
    const { kind } = await checkCommit(read.event, known);
    if (kind !== "follows") throw new Error(kind);
  };
  return [
    {
      title: "pass over a neighbour's commit",
      runs: {
        host: () => glance(frame, STRANGERS),
        "@ipld/dag-cbor": () => dagCbor.decode(atcute.decodeFirst(frame)[1]),
      },
    },
    {
      title: "read and verify a neighbour's commit",
      runs: { host: verify, "@atproto/repo": () => verifyByReference(frame, did, known.key) },
    },
  ];
}

export async function codecBenchMeasures(): Promise<CodecMeasure[]> {
  const cid = cidFromDigest(DAG_CBOR, digest);
  const message = encode(commit);
  const pair = await Secp256k1Keypair.import(secret);
  const did: Did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
  const car = new Uint8Array(sampleRepo(did, "note", 1000));
  return [
    ...codecMeasures("like", like),
    ...codecMeasures("post", post),
    ...codecMeasures("commit", commit),
    {
      title: "CID of a digest as text",
      runs: {
        host: () => cidFromDigest(DAG_CBOR, digest),
        multiformats: () => CID.createV1(DAG_CBOR, createDigest(0x12, digest)).toString(),
      },
    },
    {
      title: "bytes of a CID's text",
      runs: { host: () => cidToBytes(cid), multiformats: () => CID.parse(cid).bytes },
    },
    {
      title: "sign a commit",
      runs: { host: () => sign(secret, message), "@atproto/crypto": () => pair.sign(message) },
    },
    {
      title: "check an archive of 1,000 records",
      runs: { host: () => checkArchive(car), "@atproto/repo": () => verifyRepoCar(car, did) },
    },
    ...eventMeasures(did),
  ];
}
