/**
 * Blob uploads. The Worker streams them from the request to R2; the account object only learns of the
 * finished upload. The CID is unknown while bytes stream, so the R2 key is `did/upload-id`, and the account
 * maps the CID to the key.
 *
 * A body of up to 5 MiB is held in memory and stored at once; if its length is announced, it is read without
 * a turn for each chunk. A larger body streams: in one put if its length is announced, otherwise as a
 * multipart upload of 5 MiB parts (R2 takes no stream of unknown length).
 */
import type { Blob, Did } from "@atcute/lexicons";
import type { AccountStation } from "../../protocol/account-station.ts";
import { RAW, cidFromDigest } from "../../protocol/cid.ts";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";

interface StoredUpload {
  key: string;
  cid: string;
  mimeType: string;
  size: number;
}

/** R2's minimum part size. */
const PART = 5 * 1024 * 1024;
/** Most first bytes that file-type looks at for formats that it recognises by their head. */
const SNIFFED = 4100;

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
  readonly #digest = new crypto.DigestStream("SHA-256");
  readonly #writer = this.#digest.getWriter();
  readonly #limit: number;
  #head: Uint8Array = new Uint8Array();
  size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async take(chunk: Uint8Array): Promise<void> {
    this.size += chunk.byteLength;
    if (this.size > this.#limit) throw tooLarge();
    if (this.#head.byteLength < SNIFFED) {
      this.#head = concat([this.#head, chunk.subarray(0, SNIFFED - this.#head.byteLength)]);
    }
    await this.#writer.write(chunk);
  }

  async finish(claimed: string): Promise<Omit<StoredUpload, "key">> {
    await this.#writer.close();
    const cid = cidFromDigest(RAW, new Uint8Array(await this.#digest.digest));
    return { cid, mimeType: (await sniff(this.#head)) ?? claimed, size: this.size };
  }

  /** Ends the digest of a failed upload, so that nothing waits for it. */
  async abandon(): Promise<void> {
    this.#digest.digest.catch(() => undefined);
    await this.#writer.abort().catch(() => undefined);
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

function concat(chunks: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** Collects chunks until `PART` bytes or the end. `rest` holds the bytes read beyond that. */
async function fill(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  meter: Meter,
  rest: Uint8Array,
): Promise<{ part: Uint8Array; rest: Uint8Array; done: boolean }> {
  const chunks = [rest];
  let size = rest.byteLength;
  while (size < PART) {
    const { value, done } = await reader.read();
    if (done) return { part: concat(chunks), rest: new Uint8Array(), done: true };
    await meter.take(value);
    chunks.push(value);
    size += value.byteLength;
  }
  const whole = concat(chunks);
  return { part: whole.subarray(0, PART), rest: whole.slice(PART), done: false };
}

/** Stores a body that announces itself as small. The platform holds it to the announced length. */
async function storeWhole(
  bucket: R2Bucket,
  key: string,
  body: ArrayBuffer,
  claimed: string,
): Promise<StoredUpload> {
  const bytes = new Uint8Array(body);
  const [digest, sniffed] = await Promise.all([
    crypto.subtle.digest("SHA-256", body),
    sniff(bytes.subarray(0, SNIFFED)),
    bucket.put(key, body),
  ]);
  const cid = cidFromDigest(RAW, new Uint8Array(digest));
  return { key, cid, mimeType: sniffed ?? claimed, size: bytes.byteLength };
}

type Source = { reader: ReadableStreamDefaultReader<Uint8Array>; meter: Meter };

async function putParts(bucket: R2Bucket, key: string, first: Uint8Array, rest: Uint8Array, from: Source) {
  const upload = await bucket.createMultipartUpload(key);
  try {
    const parts = [await upload.uploadPart(1, first)];
    let next = { part: first, rest, done: false };
    while (!next.done) {
      next = await fill(from.reader, from.meter, next.rest);
      if (next.part.byteLength > 0) parts.push(await upload.uploadPart(parts.length + 1, next.part));
    }
    await upload.complete(parts);
  } catch (error) {
    await upload.abort().catch(() => undefined);
    throw error;
  }
}

async function putStream(bucket: R2Bucket, key: string, length: number, begun: Uint8Array[], from: Source) {
  const { readable, writable } = new FixedLengthStream(length);
  const put = bucket.put(key, readable);
  const writer = writable.getWriter();
  const pump = async () => {
    try {
      for (const chunk of begun) if (chunk.byteLength > 0) await writer.write(chunk);
      for (;;) {
        const { value, done } = await from.reader.read();
        if (done) break;
        await from.meter.take(value);
        await writer.write(value);
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => undefined);
      throw error;
    }
  };
  const [pumped, stored] = await Promise.allSettled([pump(), put]);
  if (pumped.status === "rejected") throw pumped.reason;
  if (stored.status === "rejected") throw stored.reason;
}

/**
 * Stores a request's body in R2. Refuses PayloadTooLarge (413) above `limit` bytes, whether the length is
 * announced or found while reading. Leaves nothing behind after that or any other failure.
 */
async function storeUpload(
  bucket: R2Bucket,
  did: Did,
  request: Request,
  limit: number,
): Promise<StoredUpload> {
  const claimed = claimedType(request);
  const announced = request.headers.get("content-length");
  const length = announced === null ? null : Number(announced);
  if (length !== null && length > limit) throw tooLarge();
  const key = `${did}/${crypto.randomUUID()}`;
  try {
    if (request.body === null) return await storeWhole(bucket, key, new ArrayBuffer(0), claimed);
    if (length !== null && length <= PART) {
      return await storeWhole(bucket, key, await request.arrayBuffer(), claimed);
    }
    return { key, ...(await storeStream(bucket, key, request.body, length, claimed, limit)) };
  } catch (error) {
    await bucket.delete(key).catch(() => undefined);
    throw error;
  }
}

async function storeStream(
  bucket: R2Bucket,
  key: string,
  body: ReadableStream<Uint8Array>,
  length: number | null,
  claimed: string,
  limit: number,
): Promise<Omit<StoredUpload, "key">> {
  const meter = new Meter(limit);
  try {
    const from: Source = { reader: body.getReader(), meter };
    const { part, rest, done } = await fill(from.reader, meter, new Uint8Array());
    if (done) await bucket.put(key, part);
    else if (length !== null) await putStream(bucket, key, length, [part, rest], from);
    else await putParts(bucket, key, part, rest, from);
    return await meter.finish(claimed);
  } catch (error) {
    await meter.abandon();
    throw error;
  }
}

/**
 * com.atproto.repo.uploadBlob: refuses what the account may not do before reading a byte, stores the body,
 * and registers it with the account. A CID that was already here keeps its first upload.
 */
export async function uploadBlob(
  bucket: R2Bucket,
  account: Pick<AccountStation, "checkUpload" | "registerBlob">,
  did: Did,
  request: Request,
  limit: number,
): Promise<Blob> {
  await account.checkUpload();
  const stored = await storeUpload(bucket, did, request, limit);
  const { keep, mimeType, size } = await account.registerBlob(stored);
  if (!keep) await bucket.delete(stored.key);
  return { $type: "blob", ref: { $link: stored.cid }, mimeType, size };
}
