/** The way back of pictures and videos. */
import type { Did } from "@atcute/lexicons";
import type { AccountStation } from "../../protocol/account-station.ts";
import { cidToBytes } from "../../protocol/cid.ts";
import { invalidRequest, isRefusal } from "../../protocol/refusal.ts";
import { filesOf } from "../files/store.ts";
import type { SettlingServices } from "../services.ts";
import { cidOfStream } from "./cid-of-stream.ts";
import type { BlobLine } from "./format.ts";

/**
 * Registers blobs that are in the host's bucket already, under the keys of a backup. Returns the CIDs of the others.
 * @param isChecked whether their bytes are read, and not the size alone
 */
export async function restoreBlobs(
  services: SettlingServices,
  did: Did,
  blobs: readonly BlobLine["blob"][],
  isChecked: boolean,
): Promise<string[]> {
  const account = services.account(did);
  const files = filesOf(services.env);
  const isWhole = async (key: string, { cid, size }: BlobLine["blob"]): Promise<boolean> => {
    if (!isChecked) return (await files.head(key))?.size === size;
    const object = await files.get(key);
    return object !== null && (await cidOfStream(object.body)) === cid;
  };
  const missing = await Promise.all(
    blobs.map(async (blob) => {
      const { cid, mimeType, size } = blob;
      const there = isChecked ? await placeOf(account, cid) : null;
      const key = there ?? blob.key;
      // Keys of other accounts' blobs would let one account delete those of another.
      if (!key.startsWith(`${did}/`) || !(await isWhole(key, blob))) return cid;
      await account.registerBlob({ cid, key, mimeType, size });
      return null;
    }),
  );
  return missing.filter((cid) => cid !== null);
}

/** The key under which the account has a blob; null if it has none that it would show. */
async function placeOf(account: AccountStation, cid: string): Promise<string | null> {
  try {
    return (await account.getBlob("owner", cid)).key;
  } catch (thrown) {
    if (isRefusal(thrown)) return null;
    throw thrown;
  }
}

/**
 * Puts a blob's bytes back in the place that the account has for it. False: it has none, and nothing was put. Rejects
 * if the bytes are not those of the CID.
 */
export async function restoreBytes(
  services: SettlingServices,
  did: Did,
  cid: string,
  request: Request,
): Promise<boolean> {
  const key = await placeOf(services.account(did), cid);
  if (key === null || request.body === null) return false;
  const { readable, writable } = new FixedLengthStream(Number(request.headers.get("content-length")));
  const sha256 = cidToBytes(cid).slice(4);
  const files = filesOf(services.env);
  await Promise.all([files.put(key, readable, { sha256 }), request.body.pipeTo(writable)]);
  // R2 has looked; an object takes any bytes.
  const put = await files.get(key);
  if (put === null || (await cidOfStream(put.body)) !== cid)
    throw invalidRequest("The bytes are not those of the CID");
  return true;
}
