/** Reads the bodies of methods' inputs. */
import { readBody } from "../../protocol/body.ts";
import { type Loan, free, lenders } from "../../protocol/memory.ts";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";

/** Refuses PayloadTooLargeError (413, the reference's name for it) over `limit` bytes. */
async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const bytes = await readBody(request, limit);
  if (bytes === null) throw new Refusal("PayloadTooLargeError", "request entity too large", 413);
  return bytes;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** Deeper than any record nests, and shallow enough for every recursive parser that follows. */
const MAX_DEPTH = 200;

/**
 * Bytes that an input holds while it is dealt with, for each of its own: text, value, blocks, event, and
 * their copies.
 */
const HANDLING = 8;
/** Bytes of an input that is dealt with without asking for memory. */
const UNASKED = 16 * 1024;

/** Adds the loan for a large input to `loans`. Refuses NotEnoughResources (503) if there is no memory for it. */
export async function readJson(request: Request, limit: number, loans: Loan[]): Promise<unknown> {
  const bytes = await readBytes(request, limit);
  if (bytes.byteLength > UNASKED) loans.push(await lenders.inputs.borrow(HANDLING * bytes.byteLength));
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw invalidRequest("The request body is not valid UTF-8");
  } finally {
    free(bytes);
  }
  if (nestsTooDeep(text)) throw invalidRequest("The request body is nested too deeply");
  try {
    return JSON.parse(text);
  } catch {
    throw invalidRequest("The request body is not valid JSON");
  }
}

/** More than anything that clients send where no body is expected. */
const NO_INPUT_MAX = 1024;

/** Refuses InvalidRequest for a body of a method that takes none, and PayloadTooLargeError for a long one. */
export async function refuseBody(request: Request): Promise<void> {
  // Clients commonly send `{}`, which is harmless.
  const text = new TextDecoder().decode(await readBytes(request, NO_INPUT_MAX)).trim();
  if (text !== "" && text !== "{}" && text !== "null") {
    throw invalidRequest("A request body was provided when none was expected");
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
