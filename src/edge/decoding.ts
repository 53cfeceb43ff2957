/**
 * Decompresses request bodies (RFC 9110, section 8.4) before a method reads them. Size limits apply to the
 * decoded body: it has no announced length, so its bytes are counted.
 */
import { Refusal, invalidRequest } from "../protocol/refusal.ts";

type Format = "gzip" | "deflate";

const FORMATS: Readonly<Record<string, Format>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
};

/**
 * Refuses UnsupportedMediaType (415) for an unknown coding. A body that does not match its coding fails when
 * it is read.
 */
export function decoded(request: Request): Request {
  const header = request.headers.get("content-encoding");
  if (header === null || request.body === null) return request;
  const codings = header
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (codings.length === 0) return request;
  let body: ReadableStream<Uint8Array> = request.body;
  // The last coding listed was applied last, so it is undone first.
  for (const coding of codings.toReversed()) body = unpacked(body, formatOf(coding));
  const headers = new Headers(request.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  const { method, url } = request;
  return new Request(url, { method, headers, body });
}

function formatOf(coding: string): Format {
  const format = FORMATS[coding];
  if (format === undefined) {
    throw new Refusal("UnsupportedMediaType", `unsupported content-encoding: ${coding}`, 415);
  }
  return format;
}

/** Decompresses a body. Its stream fails with a refusal, so that readers need no knowledge of codings. */
function unpacked(body: ReadableStream<Uint8Array>, format: Format): ReadableStream<Uint8Array> {
  const reader = body.pipeThrough(new DecompressionStream(format)).getReader();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
        controller.byobRequest?.respond(0);
      } catch {
        controller.error(invalidRequest("The request body is not encoded as its Content-Encoding says"));
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
