/** Our archives, read and verified by `@atproto/repo`: the whole repo, record proofs, firehose slices. */
import { verifyProofs, verifyRepoCar } from "@atproto/repo";
import { CID } from "multiformats/cid";
import { expect, test, vi } from "vitest";
import { carStream, readCar, writeCar, type CarBlock } from "../../src/protocol/car.ts";
import { encode } from "../../src/protocol/cbor.ts";
import { cidBytesOfCbor, cidFromBytes } from "../../src/protocol/cid.ts";
import { signCommit, type SignedCommit } from "../../src/protocol/commit.ts";
import { didKey } from "../../src/protocol/keys.ts";
import { buildMst, readMst } from "../../src/protocol/mst/build.ts";
import { nodesOnPath, walkMst } from "../../src/protocol/mst/walk.ts";
import { editMst, type MstEdit } from "../../src/protocol/mst/mst.ts";
import { must } from "../../src/protocol/refusal.ts";
import { verifyCommit } from "../support/commit.ts";
import { MemoryRows } from "../support/memory-rows.ts";

const KEY = new Uint8Array(32).fill(7);
const DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const REV = "3jzfcijpj2z2a";
const LATER = "3jzfcijpj2z2b";

const records = Array.from({ length: 600 }, (_, i) => {
  const bytes = encode({ $type: "app.bsky.feed.post", text: `post ${i}`, n: i });
  return {
    path: `app.bsky.feed.post/r${String(i * 37).padStart(6, "0")}`,
    cid: cidBytesOfCbor(bytes),
    bytes,
  };
});
const byCid = new Map(records.map(({ cid, bytes }) => [cidFromBytes(cid), bytes]));

function repo(): { store: MemoryRows; commit: SignedCommit } {
  const store = new MemoryRows();
  const built = store.fill(
    buildMst(
      records.map(({ path, cid }) => [path, cid] as const),
      REV,
    ),
  );
  return { store, commit: signCommit({ did: DID, data: built.root, rev: REV }, KEY) };
}

function* wholeRepo(store: MemoryRows, commit: SignedCommit): Generator<CarBlock> {
  yield commit;
  for (const step of walkMst(store))
    yield step.kind === "node"
      ? step
      : { cid: step.cid, bytes: must(byCid.get(cidFromBytes(step.cid)), "record") };
}

const claim = (path: string, cid: Uint8Array | null) => {
  const [collection = "", rkey = ""] = path.split("/");
  return { collection, rkey, cid: cid === null ? null : CID.decode(cid) } as never;
};

/** The runtime's own kind of stream, which Node does not have: it has copied a part when the write ends. */
class CopyingStream extends TransformStream<Uint8Array, Uint8Array> {
  constructor() {
    super({ transform: (part, controller) => controller.enqueue(part.slice()) });
  }
}

test("the whole repo, streamed, verifies and holds every record", async () => {
  vi.stubGlobal("IdentityTransformStream", CopyingStream);
  const { store, commit } = repo();
  const car = new Uint8Array(
    await new Response(carStream([commit.cid], wholeRepo(store, commit))).arrayBuffer(),
  );
  const verified = await verifyRepoCar(car, DID, didKey(KEY));
  expect(verified.creates.map(({ collection, rkey }) => `${collection}/${rkey}`).sort()).toEqual(
    records.map(({ path }) => path),
  );
  const { roots, blocks } = readCar(car);
  const { data } = await verifyCommit(must(blocks.get(must(roots[0], "root")), "commit"), DID, didKey(KEY));
  expect([...readMst(data, (cid) => blocks.get(cid))].length).toBe(records.length);
});

test("a record's proof verifies, and so does the proof that there is none", async () => {
  const { store, commit } = repo();
  for (const { path, cid, bytes } of records.filter((_, i) => i % 29 === 0)) {
    const { nodes } = nodesOnPath(store, path);
    const car = writeCar([commit.cid], [commit, ...nodes, { cid, bytes }]);
    const { verified } = await verifyProofs(car, [claim(path, cid)], DID, didKey(KEY));
    expect(verified.length).toBe(1);
    const absent = `${path}x`;
    const none = writeCar([commit.cid], [commit, ...nodesOnPath(store, absent).nodes]);
    const { verified: absence } = await verifyProofs(none, [claim(absent, null)], DID, didKey(KEY));
    expect(absence.length).toBe(1);
  }
});

test("a slice of new blocks and proof verifies every op of its commit", async () => {
  const { store } = repo();
  const added = encode({ $type: "app.bsky.feed.post", text: "new" });
  const cid = cidBytesOfCbor(added);
  const at = (i: number) => must(records[i], "record").path;
  const edits: MstEdit[] = [
    { action: "create", path: "app.bsky.feed.like/new", cid },
    { action: "update", path: at(100), cid },
    ...[3, 4, 5, 300, 599].map((i): MstEdit => ({ action: "delete", path: at(i) })),
  ];
  const result = editMst(store, edits, LATER);
  const commit = signCommit({ did: DID, data: result.root, rev: LATER }, KEY);
  const car = writeCar([commit.cid], [commit, ...result.newBlocks, ...result.proof, { cid, bytes: added }]);
  const claims = edits.map((edit) => claim(edit.path, edit.action === "delete" ? null : edit.cid));
  const { verified, unverified } = await verifyProofs(car, claims, DID, didKey(KEY));
  expect([verified.length, unverified.length]).toEqual([edits.length, 0]);
});
