/** Step `blobs`: copies the blobs that the new host reports as missing, until none is missing. */
import { cidOfRaw } from "../../src/protocol/cid.ts";
import { refused } from "./host-client.ts";
import { MoveStopped, type Moving } from "./move.ts";

/** Concurrent copies; hosts limit uploads. */
const ABREAST = 4;
const PAGE = 500;

export async function copyBlobs(moving: Moving): Promise<string> {
  const { move, report } = moving;
  const missing = await listMissing(moving);
  const total = move.state.archive?.blobs ?? missing.length;
  const todo = missing.filter((cid) => move.state.lost[cid] === undefined);
  let done = Math.max(0, total - todo.length);
  report.progress("blobs", done, total);
  const worker = async () => {
    for (let cid = todo.shift(); cid !== undefined; cid = todo.shift()) {
      moving.signal?.throwIfAborted();
      await copyBlob(moving, cid);
      report.progress("blobs", ++done, total);
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, worker));
  const left = (await listMissing(moving)).filter((cid) => move.state.lost[cid] === undefined);
  if (left.length > 0) throw new MoveStopped(`${left.length} blobs have not arrived. Run it again.`);
  const lost = Object.keys(move.state.lost).length;
  return lost === 0
    ? `${total} blobs arrived`
    : `${total - lost} blobs arrived; ${lost} could not be had, see move.json`;
}

/** The CIDs of missing blobs, each once. */
async function listMissing(moving: Moving): Promise<string[]> {
  const cids = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await moving.new.json<{ cursor?: string; blobs: { cid: string }[] }>(
      "com.atproto.repo.listMissingBlobs",
      { params: { limit: PAGE, cursor } },
    );
    for (const { cid } of page.blobs) cids.add(cid);
    cursor = page.blobs.length < PAGE ? undefined : page.cursor;
  } while (cursor !== undefined);
  return [...cids];
}

async function copyBlob({ move, old, report, ...moving }: Moving, cid: string): Promise<void> {
  const lose = (why: string) => {
    move.state.lost[cid] = why;
    move.save();
    report.note(`Blob ${cid} is left behind: ${why}`);
  };
  const params = { did: move.state.did, cid };
  let found: { bytes: Uint8Array; type: string };
  try {
    found = await old.bytes("com.atproto.sync.getBlob", { params });
  } catch (thrown) {
    // The blob is long gone there, or taken down: no reason to stop the move.
    if (refused(thrown) && thrown.status < 500) return lose(thrown.message);
    throw thrown;
  }
  if (cidOfRaw(found.bytes) !== cid) return lose(`${old.origin} sent other bytes`);
  try {
    await moving.new.json("com.atproto.repo.uploadBlob", { body: found });
  } catch (thrown) {
    if (refused(thrown) && thrown.status === 413) return lose(`too large for ${moving.new.origin}`);
    throw thrown;
  }
}
