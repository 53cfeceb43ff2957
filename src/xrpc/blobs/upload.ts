/**
 * Blob uploads. The Worker streams them from the request to R2; the account object only learns of the
 * finished upload. The CID is unknown while bytes stream, so the R2 key is `did/upload-id`, and the account
 * maps the CID to the key.
 *
 * A body of up to 5 MiB that announces its length is held in memory and stored at once, read without a turn
 * for each chunk. A larger one streams, in one put. A body of unknown length is held up to 5 MiB, beyond that
 * as a multipart upload of such parts (R2 takes no stream of unknown length). What all uploads hold together
 * is bounded: when no more may be held, announced bodies stream whatever their size, others are refused.
 */
import { createHash } from "node:crypto";
import type { Blob, Did } from "@atcute/lexicons";
import type { AccountStation } from "../../protocol/account-station.ts";
import { Gathering, brokenBody } from "../../protocol/body.ts";
import { Budget } from "./budget.ts";
import { rawCidFromDigest } from "../../protocol/cid.ts";
import { Refusal, invalidRequest, isRefusal } from "../../protocol/refusal.ts";

/** Facts about an upload, from its bytes. */
interface Measured {
  cid: string;
  mimeType: string;
  size: number;
}

/** R2's minimum part size. */
const PART = 5 * 1024 * 1024;
/** Most first bytes that file-type looks at for formats that it recognises by their head. */
const SNIFFED = 4100;

/** Bytes that the uploads of this isolate may hold in memory together. */
const held = new Budget(40_000_000);
/** How long an upload that holds memory may send nothing, in milliseconds. */
const STALLED_MS = 30_000;

const tooLarge = () => new Refusal("PayloadTooLarge", "request entity too large", 413);

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

/** Hashes and counts the bytes that pass through, and keeps the first ones for sniffing. */
class Meter {
  readonly #hash = createHash("sha256");
  readonly #head = new Gathering();
  readonly #limit: number;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(chunk: Uint8Array): void {
    this.#size += chunk.byteLength;
    if (this.#size > this.#limit) throw tooLarge();
    if (this.#head.size < SNIFFED) this.#head.add(chunk.subarray(0, SNIFFED - this.#head.size));
    this.#hash.update(chunk);
  }

  async finish(claimed: string): Promise<Measured> {
    const cid = rawCidFromDigest(this.#hash.digest());
    return { cid, mimeType: (await sniff(this.#head.bytes)) ?? claimed, size: this.#size };
  }
}

/** The media type that the bytes show. It overrides the client's claim. */
async function sniff(head: Uint8Array): Promise<string | undefined> {
  // Loaded on the first upload.
  const { fileTypeFromBuffer } = await import("file-type");
  try {
    return (await fileTypeFromBuffer(head))?.mime;
  } catch {
    return undefined;
  }
}

/** A body as it is read, chunk by chunk, each measured. */
class Source {
  readonly meter: Meter;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>, limit: number) {
    this.meter = new Meter(limit);
    this.#reader = body.getReader();
  }

  /** The next chunk; null at the end. Refuses InvalidRequest if the body breaks off. */
  async next(): Promise<Uint8Array | null> {
    const { value, done } = await this.#reader.read().catch((thrown: unknown) => {
      throw brokenBody(thrown);
    });
    if (done) return null;
    this.meter.take(value);
    return value;
  }

  /** As `next`, but refuses RequestTimeout (408) if nothing comes. */
  async soon(): Promise<Uint8Array | null> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const stalled = new Refusal("RequestTimeout", "The upload stalled", 408);
      timer = setTimeout(() => reject(stalled), STALLED_MS);
    });
    try {
      return await Promise.race([this.next(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel().catch(() => {});
  }
}

/** Gathers chunks until `PART` bytes or the end. `rest` holds the bytes read beyond that. */
async function fill(
  source: Source,
  rest: Uint8Array,
): Promise<{ part: Uint8Array; rest: Uint8Array; done: boolean }> {
  const gathered = new Gathering();
  gathered.add(rest);
  while (gathered.size < PART) {
    const chunk = await source.soon();
    if (chunk === null) return { part: gathered.bytes, rest: new Uint8Array(), done: true };
    gathered.add(chunk);
  }
  const { bytes } = gathered;
  return { part: bytes.subarray(0, PART), rest: bytes.slice(PART), done: false };
}

/** Stores a body that announces itself as small. The platform holds it to the announced length. */
async function storeWhole(
  bucket: R2Bucket,
  key: string,
  body: ArrayBuffer,
  claimed: string,
): Promise<Measured> {
  const bytes = new Uint8Array(body);
  const [digest, sniffed] = await Promise.all([
    crypto.subtle.digest("SHA-256", body),
    sniff(bytes.subarray(0, SNIFFED)),
    bucket.put(key, body),
  ]);
  const cid = rawCidFromDigest(new Uint8Array(digest));
  return { cid, mimeType: sniffed ?? claimed, size: bytes.byteLength };
}

/** Stores a body of unknown length. */
async function storeParts(bucket: R2Bucket, key: string, source: Source): Promise<void> {
  let { part, rest, done } = await fill(source, new Uint8Array());
  if (done) {
    await bucket.put(key, part);
    return;
  }
  const upload = await bucket.createMultipartUpload(key);
  try {
    const parts = [await upload.uploadPart(1, part)];
    while (!done) {
      ({ part, rest, done } = await fill(source, rest));
      if (part.byteLength > 0) parts.push(await upload.uploadPart(parts.length + 1, part));
    }
    await upload.complete(parts);
  } catch (error) {
    await upload.abort().catch(() => undefined);
    throw error;
  }
}

/** Stores a body of known length as it comes. */
async function storeStream(bucket: R2Bucket, key: string, length: number, source: Source): Promise<void> {
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
  const [pumped, stored] = await Promise.allSettled([pump(), bucket.put(key, readable)]);
  if (pumped.status === "rejected") throw pumped.reason;
  if (stored.status === "rejected") throw stored.reason;
}

/**
 * Stores a request's body in R2. Refuses PayloadTooLarge (413) above `limit` bytes, whether the length is
 * announced or found while reading; NotEnoughResources (503) when too much is held already.
 */
async function storeBody(bucket: R2Bucket, key: string, request: Request, limit: number): Promise<Measured> {
  const claimed = claimedType(request);
  const announced = request.headers.get("content-length");
  const length = announced === null ? null : Number(announced);
  if (length !== null && length > limit) throw tooLarge();
  if (request.body === null) return storeWhole(bucket, key, new ArrayBuffer(0), claimed);
  const giveBack = length === null || length <= PART ? held.borrow(length ?? PART) : null;
  try {
    if (length !== null && giveBack !== null) {
      return await storeWhole(bucket, key, await wholeBody(request), claimed);
    }
    if (length === null && giveBack === null) throw tooBusy();
    const source = new Source(request.body, limit);
    try {
      if (length === null) await storeParts(bucket, key, source);
      else await storeStream(bucket, key, length, source);
      return await source.meter.finish(claimed);
    } finally {
      await source.cancel();
    }
  } finally {
    giveBack?.();
  }
}

const tooBusy = () =>
  new Refusal("NotEnoughResources", "Too many uploads of unknown length at once, try again", 503, {
    "retry-after": "5",
  });

const wholeBody = (request: Request): Promise<ArrayBuffer> =>
  request.arrayBuffer().catch((thrown: unknown) => {
    throw brokenBody(thrown);
  });

/**
 * com.atproto.repo.uploadBlob: refuses what the account may not do before reading a byte, stores the body,
 * and registers it with the account. A CID that was already here keeps its first upload. A failed upload
 * leaves nothing behind, and neither does one whose account went away meanwhile.
 */
export async function uploadBlob(
  bucket: R2Bucket,
  account: Pick<AccountStation, "checkUpload" | "registerBlob">,
  did: Did,
  request: Request,
  limit: number,
): Promise<Blob> {
  await account.checkUpload();
  const key = `${did}/${crypto.randomUUID()}`;
  const drop = () => bucket.delete(key).catch(() => undefined);
  let stored: Measured;
  try {
    stored = await storeBody(bucket, key, request, limit);
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
