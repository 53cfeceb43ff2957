/** A commit of another host, as it comes from its stream: one post in a repo of 10,000 records. */
import type { Did } from "@atcute/lexicons";
import { writeCar } from "../../../src/protocol/car.ts";
import { encode } from "../../../src/protocol/cbor.ts";
import { cidBytesOfCbor, cidFromBytes } from "../../../src/protocol/cid.ts";
import { signCommit } from "../../../src/protocol/commit.ts";
import { encodeCommitEntry, spliceSeq } from "../../../src/protocol/event-frames.ts";
import { didKey } from "../../../src/protocol/keys.ts";
import { buildMst } from "../../../src/protocol/mst/build.ts";
import { editMst } from "../../../src/protocol/mst/mst.ts";
import { rowName, TOP } from "../../../src/protocol/mst/row.ts";
import type { Knowledge } from "../../../src/protocol/neighbour/checks.ts";
import { EPOCH_MS, tidAt } from "../records.ts";
import { post, secret } from "./samples.ts";

const RECORDS = 10_000;
const COLLECTION = "app.bsky.feed.post";

/** The frame, and what a consumer knows of its repo. */
export function sampleCommit(did: Did): { frame: Uint8Array; known: Knowledge } {
  const [since, rev] = [tidAt(EPOCH_MS), tidAt(EPOCH_MS + 1000)];
  const bytes = encode(post);
  const cid = cidBytesOfCbor(bytes);
  const paths = Array.from(
    { length: RECORDS },
    (_, n) => `${COLLECTION}/${tidAt(EPOCH_MS - (RECORDS - n) * 1000)}`,
  );
  const rows = new Map<string, Uint8Array>();
  const build = buildMst(
    paths.map((path) => [path, cid] as const),
    since,
  );
  let step = build.next();
  for (; step.done !== true; step = build.next()) rows.set(rowName(step.value), step.value.bytes);
  rows.set(rowName(TOP), step.value.top);
  const store = { get: (band: 0 | 1 | 2, left: string) => rows.get(rowName({ band, left })) ?? null };
  const path = `${COLLECTION}/${rev}`;
  const { root, previousRoot, newBlocks, proof } = editMst(store, [{ action: "create", path, cid }], rev);
  const signed = signCommit({ did, data: root, rev }, secret);
  const data = cidFromBytes(previousRoot);
  const { frame, seqAt } = encodeCommitEntry({
    did,
    time: new Date(EPOCH_MS).toISOString(),
    commit: signed.cid,
    rev,
    since,
    prevData: data,
    ops: [{ action: "create", path, cid: cidFromBytes(cid) }],
    blocks: writeCar([signed.cid], [signed, ...newBlocks, ...proof, { cid, bytes }]),
  });
  return {
    frame: spliceSeq(frame, seqAt, 1),
    known: { key: didKey(secret), held: { rev: since, data }, now: EPOCH_MS + 1000 },
  };
}
