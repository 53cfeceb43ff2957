/** Reads request bodies under a size limit. */
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";

const tooLarge = () => new Refusal("PayloadTooLargeError", "request entity too large", 413);

/**
 * Refuses PayloadTooLargeError (413, the reference's name for it) over `limit` bytes, by the announced length
 * or, without one, by counting.
 */
export async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > limit) throw tooLarge();
  if (announced !== null) return new Uint8Array(await request.arrayBuffer());
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** Deeper than any record nests, and shallow enough for every recursive parser that follows. */
const MAX_DEPTH = 200;

export async function readJson(request: Request, limit: number): Promise<unknown> {
  const bytes = await readBytes(request, limit);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw invalidRequest("The request body is not valid UTF-8");
  }
  if (nestsTooDeep(text)) throw invalidRequest("The request body is nested too deeply");
  try {
    return JSON.parse(text);
  } catch {
    throw invalidRequest("The request body is not valid JSON");
  }
}

/** Counts brackets outside strings, before anything recursive sees the text. */
function nestsTooDeep(text: string): boolean {
  if (text.length < MAX_DEPTH * 2) return false;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 0x5c) i++;
      else if (c === 0x22) quoted = false;
    } else if (c === 0x22) quoted = true;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > MAX_DEPTH) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}
