/** An account's blobs: whether the store has the bytes of each CID. What a backup elsewhere has a copy of is put back. */
import type { Did } from "@atcute/lexicons";
import { cidToBytes } from "../../protocol/cid.ts";
import { cidOfStream } from "../backup/cid-of-stream.ts";
import { blobKey } from "../backup/format.ts";
import { copiesBlobs, storeOf } from "../backup/store.ts";
import { filesOf } from "../files/store.ts";
import type { Context } from "./context.ts";
import { addFinding } from "./progress.ts";

interface File {
  cid: string;
  key: string;
  size: number;
}

/** Blobs that never came, of which one look tells. */
const NAMED = 100;

/** @returns where the rest begins; null: that was all */
export async function examineFiles(context: Context, did: Did, cursor: string): Promise<string | null> {
  const { progress } = context;
  if (cursor === "") {
    const [first, ...others] = await context.account(did).listMissingBlobs({ limit: NAMED });
    if (first !== undefined) {
      const count = others.length + 1;
      addFinding(progress, { did, kind: "file missing", example: first.cid, count, mended: false });
    }
  }
  const { blobs, next } = await context.account(did).backupPage(null, cursor);
  let place = cursor;
  for (const file of blobs) {
    if (context.isSpent()) return place;
    const state = await stateOf(context, file);
    if (state !== "whole" && (await isKept(context, did, file, place))) {
      const kind = state === "lost" ? "file lost" : "file changed";
      addFinding(progress, { did, kind, example: file.cid, mended: await putBack(context, did, file) });
    }
    place = `blob ${file.cid}`;
  }
  return next === undefined || !next.startsWith("blob ") ? null : next;
}

async function stateOf(context: Context, { cid, key, size }: File): Promise<"whole" | "lost" | "changed"> {
  const { env, largestFile } = context;
  if (size > largestFile) {
    const found = await filesOf(env).head(key);
    context.readFile(0);
    return found === null ? "lost" : found.size === size ? "whole" : "changed";
  }
  const found = await filesOf(env).get(key);
  context.readFile(found?.size ?? 0);
  if (found === null) return "lost";
  return (await cidOfStream(found.body)) === cid ? "whole" : "changed";
}

/** Whether a record still refers to the blob, under the same key. `place`: that of the page before it. */
async function isKept(context: Context, did: Did, { cid, key }: File, place: string): Promise<boolean> {
  const { blobs } = await context.account(did).backupPage(null, place);
  return blobs.some((each) => each.cid === cid && each.key === key);
}

/** Whether the bytes came back from a backup's copy. */
async function putBack(context: Context, did: Did, file: File): Promise<boolean> {
  const { env } = context;
  const { cid, key, size } = file;
  if (env.BACKUP_KEY === "" || !copiesBlobs(env)) return false;
  try {
    const copy = await storeOf(env).get(blobKey(did, cid));
    if (copy === null || copy.size !== size) return false;
    // R2 takes the bytes only if they are those of the CID.
    const { readable, writable } = new FixedLengthStream(size);
    const sha256 = cidToBytes(cid).slice(4);
    const files = filesOf(env);
    await Promise.all([files.put(key, readable, { sha256 }), copy.stream.pipeTo(writable)]);
    if (env.BLOBS !== undefined || (await stateOf(context, file)) === "whole") return true;
    await files.delete(key);
    return false;
  } catch {
    return false;
  }
}
