/** Reads a client's WebSocket frames (RFC 6455, section 5). */

import { BINARY, CLOSE, FINAL, MASKED, PING, PONG, PROTOCOL_ERROR, TEXT, headLength } from "./frames.ts";

/** Each costs more than its bytes. */
const MOST_FRAGMENTS = 1_000;

const TOO_LONG = 1009;

/** A message of a client: a whole message, or a control frame. */
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

  /**
   * The messages that are complete with this chunk. Throws `ProtocolError`: the frames after it cannot be
   * read.
   */
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
