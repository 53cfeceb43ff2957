/** WebSocket frames (RFC 6455, section 5) as a server writes and reads them. */
import type { Message } from "../format.ts";

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** Each costs more than its bytes. */
const MOST_FRAGMENTS = 1_000;
/** Close codes of section 7.4.1. */
export const PROTOCOL_ERROR = 1002;
const TOO_LONG = 1009;

const FINAL = 0x80;
const MASKED = 0x80;
const utf8 = new TextEncoder();

function headLength(size: number): number {
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

/** What a client sent: a whole message, or a control frame. */
export interface Received {
  opcode: number;
  body: Uint8Array;
}

/** A client that breaks the protocol, with the close code that it gets. */
export class ProtocolError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

interface Head {
  opcode: number;
  isFinal: boolean;
  mask: Uint8Array;
  /** Offset of the body, and its size. */
  start: number;
  size: number;
}

/** Reads a client's frames, whatever pieces they arrive in. Holds at most one message of `most` bytes. */
export class FrameReader {
  readonly #most: number;
  #held: Uint8Array = new Uint8Array(0);
  /** The message of which fragments have come. */
  #opcode = 0;
  #fragments: Uint8Array[] = [];
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** What is complete with this chunk. Throws `ProtocolError`: the frames after it cannot be read. */
  *take(chunk: Uint8Array): Generator<Received> {
    this.#held = this.#held.length === 0 ? chunk : joined([this.#held, chunk]);
    for (let head = this.#head(); head !== null; head = this.#head()) {
      const end = head.start + head.size;
      if (this.#held.length < end) return;
      const body = unmasked(this.#held.subarray(head.start, end), head.mask);
      this.#held = this.#held.slice(end);
      const received = head.opcode >= CLOSE ? { opcode: head.opcode, body } : this.#assemble(head, body);
      if (received !== null) yield received;
    }
  }

  /** The head of the next frame; null while it is incomplete. */
  #head(): Head | null {
    const held = this.#held;
    const [first, second] = held;
    if (first === undefined || second === undefined) return null;
    if ((second & MASKED) === 0) throw new ProtocolError(PROTOCOL_ERROR, "a frame without a mask");
    const short = second & 0x7f;
    const start = headLength(short === 126 ? 126 : short === 127 ? 65_536 : 0) + 4;
    if (held.length < start) return null;
    const view = new DataView(held.buffer, held.byteOffset, held.byteLength);
    const size = short < 126 ? short : short === 126 ? view.getUint16(2) : Number(view.getBigUint64(2));
    const opcode = first & 0x0f;
    this.#check(first, opcode, size);
    return { opcode, isFinal: (first & FINAL) !== 0, mask: held.slice(start - 4, start), start, size };
  }

  #check(first: number, opcode: number, size: number): void {
    if ((first & 0x70) !== 0) throw new ProtocolError(PROTOCOL_ERROR, "an extension that was not agreed on");
    if (opcode >= CLOSE && (size > 125 || (first & FINAL) === 0)) {
      throw new ProtocolError(PROTOCOL_ERROR, "a control frame of the wrong form");
    }
    if (![0, TEXT, BINARY, CLOSE, PING, PONG].includes(opcode))
      throw new ProtocolError(PROTOCOL_ERROR, "an unknown opcode");
    if (opcode < CLOSE && (opcode === 0) !== (this.#opcode !== 0)) {
      throw new ProtocolError(PROTOCOL_ERROR, "a fragment out of place");
    }
    if (opcode >= CLOSE) return;
    if (this.#size + size > this.#most || this.#fragments.length >= MOST_FRAGMENTS) {
      throw new ProtocolError(TOO_LONG, "a message that is too long");
    }
  }

  #assemble({ opcode, isFinal }: Head, body: Uint8Array): Received | null {
    this.#fragments.push(body);
    this.#size += body.length;
    if (opcode !== 0) this.#opcode = opcode;
    if (!isFinal) return null;
    const received = { opcode: this.#opcode, body: joined(this.#fragments) };
    this.#opcode = 0;
    this.#fragments = [];
    this.#size = 0;
    return received;
  }
}

function unmasked(body: Uint8Array, mask: Uint8Array): Uint8Array {
  const out = new Uint8Array(body.length);
  for (const [index, byte] of body.entries()) out[index] = byte ^ (mask[index % 4] ?? 0);
  return out;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
