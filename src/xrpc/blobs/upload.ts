/**
 * Blob uploads. The Worker streams them from the request to R2; the account object only learns of the
 * finished upload. The CID is unknown while bytes stream, so the R2 key is `did/upload-id`, and the account
 * maps the CID to the key.
 *
 * A body of up to 5 MiB that announces its length is held in memory and stored at once. A larger one streams,
 * in one put. A body of unknown length is held up to 5 MiB, beyond that as a multipart upload of such parts
 * (R2 takes no stream of unknown length). What all uploads hold together is lent: when no more may be held,
 * announced bodies stream whatever their size, and others wait.
 */
import type { Blob, Did } from "@atcute/lexicons";
import type { AccountStation } from "../../protocol/account-station.ts";
import { SLICE } from "../../protocol/body.ts";
import type { FileStore, FileUpload } from "../../protocol/object/files.ts";
import { type Loan, lenders } from "../../protocol/memory.ts";
import { invalidRequest, isRefusal } from "../../protocol/refusal.ts";
import { type Measured, PART, Part, Source, tooLarge } from "./source.ts";

/**
 * The media type that a request claims, without parameters. Refuses InvalidRequest when it claims none or a
 * malformed one.
 */
function claimedType(request: Request): string {
  const type = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (!type) throw invalidRequest("Request encoding (Content-Type) required but not provided");
  if (!/^[\w.+*-]+\/[\w.+*-]+$/.test(type)) throw invalidRequest(`Invalid request encoding: ${type}`);
  return type;
}

/** Stores a body that is held in memory, one part of it at a time. */
async function storeParts(store: FileStore, key: string, source: Source, loan: Loan): Promise<void> {
  const part = new Part();
  try {
    if (await part.fill(source, loan)) await store.put(key, part.bytes);
    else await storeRest(await store.createMultipartUpload(key), part, source, loan);
  } finally {
    part.free();
  }
}

/** Stores the part, and all that follow. */
async function storeRest(upload: FileUpload, part: Part, source: Source, loan: Loan): Promise<void> {
  try {
    const parts = [await loan.during(upload.uploadPart(1, part.bytes))];
    for (let isLast = false; !isLast;) {
      part.next();
      isLast = await part.fill(source, loan);
      parts.push(await loan.during(upload.uploadPart(parts.length + 1, part.bytes)));
    }
    await upload.complete(parts);
  } catch (error) {
    await upload.abort().catch(() => undefined);
    throw error;
  }
}

/** Stores a body of known length as it comes, and holds a slice of it. */
async function storeStream(store: FileStore, key: string, length: number, source: Source): Promise<void> {
  const { readable, writable } = new FixedLengthStream(length);
  const writer = writable.getWriter();
  const pump = async () => {
    try {
      for (let chunk = await source.next(); chunk !== null; chunk = await source.next()) {
        await writer.write(chunk);
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => undefined);
      throw error;
    }
  };
  const [pumped, stored] = await Promise.allSettled([pump(), store.put(key, readable)]);
  if (pumped.status === "rejected") throw pumped.reason;
  if (stored.status === "rejected") throw stored.reason;
}

/**
 * Stores a request's body in R2. Refuses PayloadTooLarge (413) above `limit` bytes, whether the length is
 * announced or found while reading; what the lender refuses.
 */
async function storeBody(store: FileStore, key: string, request: Request, limit: number): Promise<Measured> {
  const claimed = claimedType(request);
  const announced = request.headers.get("content-length");
  const length = announced === null ? null : Number(announced);
  if (length !== null && length > limit) throw tooLarge();
  const loan = length === null ? await lenders.uploads.borrow(PART + SLICE) : lentAtOnce(length);
  const source = new Source(request.body, limit);
  try {
    if (loan !== null) await storeParts(store, key, source, loan);
    else if (length !== null) await storeStream(store, key, length, source);
    return await source.meter.finish(claimed);
  } finally {
    loan?.giveBack();
    await source.cancel();
  }
}

/**
 * Stores a stream of unknown length, and reads it back. Null if what is stored is not what came: then nothing is
 * kept.
 */
export async function storeAndVerify(
  store: FileStore,
  key: string,
  body: ReadableStream<Uint8Array>,
  type: string,
): Promise<Measured | null> {
  const loan = await lenders.uploads.borrow(PART + SLICE);
  const sent = new Source(body, Number.MAX_SAFE_INTEGER);
  try {
    await storeParts(store, key, sent, loan);
    const [measured, stored] = [await sent.meter.finish(type), await store.get(key)];
    const read = new Source(stored?.body ?? null, Number.MAX_SAFE_INTEGER);
    while ((await loan.during(read.next())) !== null);
    const found = await read.meter.finish(type);
    if (found.cid === measured.cid && found.size === measured.size) return measured;
    await store.delete(key);
    return null;
  } finally {
    loan.giveBack();
    await sent.cancel();
  }
}

const lentAtOnce = (length: number) => (length <= PART ? lenders.uploads.lend(length) : null);

/**
 * com.atproto.repo.uploadBlob: refuses what the account may not do before reading a byte, stores the body,
 * and registers it with the account. A CID that was already here keeps its first upload. A failed upload
 * leaves nothing behind, and neither does one whose account went away meanwhile.
 */
export async function uploadBlob(
  store: FileStore,
  account: Pick<AccountStation, "checkUpload" | "registerBlob">,
  did: Did,
  request: Request,
  limit: number,
): Promise<Blob> {
  await account.checkUpload();
  const key = `${did}/${crypto.randomUUID()}`;
  const drop = () => store.delete(key).catch(() => undefined);
  let stored: Measured;
  try {
    stored = await storeBody(store, key, request, limit);
  } catch (error) {
    await drop();
    throw error;
  }
  const registered = await account.registerBlob({ key, ...stored }).catch(async (error: unknown) => {
    // Of anything but a refusal, nobody knows whether it was registered.
    if (isRefusal(error)) await drop();
    throw error;
  });
  if (!registered.keep) await drop();
  const { mimeType, size } = registered;
  return { $type: "blob", ref: { $link: stored.cid }, mimeType, size };
}
