/**
 * Reads bodies under a limit: of requests, of forms, of other services' answers. However much is sent, and in
 * however small pieces, no more is held than the limit and what it takes to copy it.
 */
import { invalidRequest, isRefusal } from "./refusal.ts";

/** Bytes gathered from chunks. Each is copied: a chunk of one byte may keep a buffer of kilobytes alive. */
export class Gathering {
  #buffer = new Uint8Array();
  size = 0;

  add(chunk: Uint8Array): void {
    const size = this.size + chunk.byteLength;
    if (size > this.#buffer.byteLength) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#buffer.byteLength));
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(chunk, this.size);
    this.size = size;
  }

  /** A view, valid until the next `add`. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.size);
  }
}

/** Reads a stream to its end. Null if it is longer than `limit` bytes; the rest is then not read. */
export async function gather(
  stream: AsyncIterable<Uint8Array> | null,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const gathered = new Gathering();
  for await (const chunk of stream ?? []) {
    // Leaving the loop cancels the stream.
    if (gathered.size + chunk.byteLength > limit) return null;
    gathered.add(chunk);
  }
  return gathered.bytes;
}

/** Bytes read at a time. */
const SLICE = 64 * 1024;

/**
 * The bytes of a stream, as much as fits one buffer at a time: a body sent byte by byte would otherwise come
 * in a buffer of kilobytes for each. A slice is valid until the next is asked for.
 */
async function* slices(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = byteReader(stream);
  if (reader === null) {
    yield* stream;
    return;
  }
  try {
    let buffer = new ArrayBuffer(SLICE);
    for (;;) {
      const { value, done } = await reader.readAtLeast(SLICE, new Uint8Array(buffer));
      if (done || value === undefined) return;
      yield value;
      if (value.byteLength < SLICE) return;
      buffer = value.buffer as ArrayBuffer;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Null for a stream of objects, such as one that a program made. */
function byteReader(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    return null;
  }
}

/**
 * Reads a request's body. Null if it is longer than `limit` bytes, by its announced length or by counting.
 * Refuses InvalidRequest if it breaks off.
 */
export async function readBody(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > limit) return null;
  try {
    // The runtime holds a body to its announced length, and drops an announcement that it does not go by.
    if (announced !== null) return new Uint8Array(await request.arrayBuffer());
    return await gather(request.body === null ? null : slices(request.body), limit);
  } catch (thrown) {
    throw brokenBody(thrown);
  }
}

/** A stream fails with a refusal if it knows why (`decoding.ts`), otherwise because of how it was sent. */
export const brokenBody = (thrown: unknown) =>
  isRefusal(thrown) ? thrown : invalidRequest("The request body broke off");

/** A body of at most `limit` bytes as text, whatever its media type. Null if it is longer. */
export async function readText(request: Request, limit: number): Promise<string | null> {
  const bytes = await readBody(request, limit);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}
