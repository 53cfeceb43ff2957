/**
 * Decompresses request bodies (RFC 9110, section 8.4) before a method reads them. Size limits apply to the
 * decoded body: it has no announced length, so its bytes are counted. It is decompressed only as fast as it
 * is read, in pieces of some kilobytes, whatever the compressed bytes unpack to.
 */
import type { Transform } from "node:stream";
import { Slices, brokenBody } from "../protocol/body.ts";
import { type Loan, lenders } from "../protocol/memory.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { entryOf } from "../protocol/json.ts";

type Format = "gzip" | "deflate";

const FORMATS: Readonly<Record<string, Format>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
};

/** Bytes that decompression holds: its window, a slice of what comes, and a chunk of what it makes. */
const UNPACKER = 160 * 1024;

/** Compressed bytes read at a time. */
const PACKED_SLICE = 16 * 1024;

/**
 * Refuses UnsupportedMediaType (415) for an unknown coding, and for more than one, which no client needs. A
 * body that does not match its coding fails when it is read.
 */
export function decoded(request: Request): Request {
  const header = request.headers.get("content-encoding");
  if (header === null || request.body === null) return request;
  const codings = header
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  const [coding, ...more] = codings;
  if (coding === undefined) return request;
  const format = entryOf(FORMATS, coding);
  if (format === undefined || more.length > 0) {
    throw new Refusal("UnsupportedMediaType", `unsupported content-encoding: ${codings.join(", ")}`, 415);
  }
  const headers = new Headers(request.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  const { method, url } = request;
  return new Request(url, { method, headers, body: unpacked(request.body, format) });
}

/**
 * The runtime's DecompressionStream unpacks each chunk at once, however long it becomes. That of `node:zlib`
 * waits for its reader.
 */
async function unpacker(format: Format): Promise<Transform> {
  // Loaded with the first such request.
  const { createGunzip, createInflate } = await import("node:zlib");
  return format === "gzip" ? createGunzip() : createInflate();
}

/** Decompresses a body. Its stream fails with a refusal, so that readers need no knowledge of codings. */
function unpacked(body: ReadableStream<Uint8Array>, format: Format): ReadableStream<Uint8Array> {
  const packed = new Slices(body, PACKED_SLICE);
  let transform: Transform | null = null;
  const chunks = chunksOf(packed, async () => (transform = await unpacker(format)));
  let rest: Uint8Array = new Uint8Array();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        if (rest.byteLength === 0) {
          const { value, done } = await chunks.next();
          if (done) {
            controller.close();
            controller.byobRequest?.respond(0);
            return;
          }
          rest = value;
        }
        rest = rest.subarray(passOn(rest, controller));
      } catch (thrown) {
        controller.error(thrown);
      }
    },
    async cancel() {
      // First: a generator that waits for bytes does not return before they come.
      transform?.destroy();
      await packed.cancel();
      await chunks.return(undefined);
    },
  });
}

/** Copies bytes to whoever reads, as many as fit. @returns how many */
function passOn(bytes: Uint8Array, controller: ReadableByteStreamController): number {
  const asked = controller.byobRequest;
  const view = asked?.view ?? null;
  if (asked === null || view === null) {
    controller.enqueue(bytes.slice());
    return bytes.byteLength;
  }
  const length = Math.min(view.byteLength, bytes.byteLength);
  new Uint8Array(view.buffer, view.byteOffset, length).set(bytes.subarray(0, length));
  asked.respond(length);
  return length;
}

async function* chunksOf(packed: Slices, unpack: () => Promise<Transform>): AsyncGenerator<Uint8Array> {
  const loan = await lenders.unpacking.borrow(UNPACKER);
  const transform = await unpack();
  let sent: unknown;
  const feeding = feed(packed, transform, loan).catch((thrown: unknown) => {
    sent = brokenBody(thrown);
    transform.destroy();
  });
  try {
    for await (const { buffer, byteOffset, byteLength } of transform as AsyncIterable<Uint8Array>) {
      yield new Uint8Array(buffer, byteOffset, byteLength);
    }
  } catch {
    throw sent ?? invalidRequest("The request body is not encoded as its Content-Encoding says");
  } finally {
    transform.destroy();
    await packed.cancel();
    await feeding;
    loan.giveBack();
  }
}

/** Gives the compressed bytes to the transform, each slice when it has room. */
async function feed(packed: Slices, transform: Transform, loan: Loan): Promise<void> {
  for (;;) {
    const slice = await loan.during(packed.next());
    if (transform.destroyed) return;
    if (slice === null) {
      transform.end();
      return;
    }
    if (!transform.write(slice.slice())) await roomIn(transform);
  }
}

/** Resolves when the transform takes more, or has ended. */
const roomIn = (transform: Transform): Promise<void> =>
  new Promise((resolve) => {
    const settle = () => {
      transform.off("drain", settle).off("close", settle);
      resolve();
    };
    transform.on("drain", settle).on("close", settle);
  });
