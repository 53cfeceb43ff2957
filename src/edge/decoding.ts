/**
 * Decompresses request bodies (RFC 9110, section 8.4) before a method reads them. Size limits apply to the
 * decoded body: it has no announced length, so its bytes are counted. It is decompressed only as fast as it
 * is read, in pieces of some kilobytes, whatever the compressed bytes unpack to.
 */
import type { Transform } from "node:stream";
import { brokenBody } from "../protocol/body.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";

type Format = "gzip" | "deflate";

const FORMATS: Readonly<Record<string, Format>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
};

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
  const format = FORMATS[coding];
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
  const chunks = chunksOf(body, format);
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        const { value, done } = await chunks.next();
        if (!done) return controller.enqueue(value);
        controller.close();
        controller.byobRequest?.respond(0);
      } catch (thrown) {
        controller.error(thrown);
      }
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}

async function* chunksOf(body: ReadableStream<Uint8Array>, format: Format): AsyncGenerator<Uint8Array> {
  const transform = await unpacker(format);
  const reader = body.getReader();
  let sent: unknown;
  const feeding = feed(reader, transform).catch((thrown: unknown) => {
    sent = brokenBody(thrown);
    transform.destroy();
  });
  try {
    for await (const chunk of transform) yield new Uint8Array(chunk);
  } catch {
    throw sent ?? invalidRequest("The request body is not encoded as its Content-Encoding says");
  } finally {
    transform.destroy();
    await reader.cancel().catch(() => {});
    await feeding;
  }
}

/** Gives the compressed bytes to the transform, each chunk when it has room. */
async function feed(reader: ReadableStreamDefaultReader<Uint8Array>, transform: Transform): Promise<void> {
  for (;;) {
    const { value, done } = await reader.read();
    if (transform.destroyed) return;
    if (done) {
      transform.end();
      return;
    }
    if (!transform.write(value)) await roomIn(transform);
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
