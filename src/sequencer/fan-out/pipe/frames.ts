/** WebSocket frames (RFC 6455, section 5) as a server writes and reads them. */
import type { Message } from "../format.ts";

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** Close codes of section 7.4.1. */
export const PROTOCOL_ERROR = 1002;

export const FINAL = 0x80;
export const MASKED = 0x80;
const utf8 = new TextEncoder();

export function headLength(size: number): number {
  if (size < 126) return 2;
  return size < 65_536 ? 4 : 10;
}

/** Writes one unmasked frame at `at`; returns the offset after it. */
function writeFrame(out: Uint8Array, at: number, opcode: number, body: Uint8Array): number {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const size = body.length;
  out[at] = FINAL | opcode;
  if (size < 126) out[at + 1] = size;
  else if (size < 65_536) {
    out[at + 1] = 126;
    view.setUint16(at + 2, size);
  } else {
    out[at + 1] = 127;
    view.setBigUint64(at + 2, BigInt(size));
  }
  const start = at + headLength(size);
  out.set(body, start);
  return start + size;
}

/** One frame for each message, one after the other. */
export function encodeMessages(messages: readonly Message[]): Uint8Array {
  const bodies = messages.map((message) => (typeof message === "string" ? utf8.encode(message) : message));
  const size = bodies.reduce((sum, { length }) => sum + headLength(length) + length, 0);
  const out = new Uint8Array(size);
  let at = 0;
  for (const [index, body] of bodies.entries()) {
    at = writeFrame(out, at, typeof messages[index] === "string" ? TEXT : BINARY, body);
  }
  return out;
}

/** A control frame. The body has 125 bytes at most. */
export function encodeControl(opcode: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 + body.length);
  writeFrame(out, 0, opcode, body);
  return out;
}

export function encodeClose(code: number, reason: string): Uint8Array {
  const words = utf8.encode(reason);
  const body = new Uint8Array(2 + words.length);
  new DataView(body.buffer).setUint16(0, code);
  body.set(words, 2);
  return encodeControl(CLOSE, body);
}

/** Codes that stand for something else than a Close (section 7.4.1). */
const UNSENT: ReadonlySet<number> = new Set([1004, 1005, 1006, 1015]);

/** Whether bytes are the body of a Close that may be sent: nothing, or a code and a reason in UTF-8. */
export function isCloseBody(body: Uint8Array): boolean {
  if (body.length === 0) return true;
  if (body.length === 1) return false;
  const code = new DataView(body.buffer, body.byteOffset).getUint16(0);
  if (code < 1000 || code > 4999 || UNSENT.has(code)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body.subarray(2));
    return true;
  } catch {
    return false;
  }
}
