/**
 * CAR version 1 (repository spec, "CAR File Serialization"): a header with the roots, then the blocks, each
 * preceded by its length and CID. Readers check everything: structure, CIDs, hashes, sizes.
 */
import { SLICE, Slices, sent } from "./body.ts";
import { decode, encode } from "./cbor.ts";
import {
  asCidBytes,
  cidFromBytes,
  CID_LENGTH,
  isCidBytes,
  sha256,
  sha256OfMany,
  type Cid,
  type CidBytes,
} from "./cid.ts";
import { isMap } from "./data-model.ts";
import { type Loan, free } from "./memory.ts";
import { invalidRequest } from "./refusal.ts";

export interface CarBlock {
  cid: Cid | CidBytes;
  bytes: Uint8Array;
}

export interface CarLimits {
  /** Bytes of the whole archive. Default: no limit. */
  maxBytes?: number;
  /** Bytes of one block. Default 4 MiB: four times the largest record. */
  maxBlockBytes?: number;
  /** Number of blocks, counting repeated ones. Default: no limit. */
  maxBlocks?: number;
}

/** The least size of a stream's chunks, except the last: small chunks cost more than they carry. */
export const CHUNK_BYTES = 64 * 1024;

const CHUNK_CAPACITY = CHUNK_BYTES + 16 * 1024;
const DEFAULT_MAX_BLOCK = 4 * 1024 * 1024;
const MAX_HEADER = 4096;

const refuse = (what: string) => invalidRequest(`Invalid CAR: ${what}`);

// ------------------------------------------------------------------------------------------------ writing

const varintLength = (value: number): number => {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
};

function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out[next++] = (rest % 0x80) | 0x80;
  out[next++] = rest;
  return next;
}

function header(roots: readonly (Cid | CidBytes)[]): Uint8Array {
  const links = roots.map((root) => ({
    $link: typeof root === "string" ? root : cidFromBytes(root),
  }));
  const body = encode({ roots: links, version: 1 });
  const out = new Uint8Array(varintLength(body.length) + body.length);
  out.set(body, writeVarint(out, 0, body.length));
  return out;
}

/** The bytes that a block of so many takes up in an archive. */
export const blockLength = (bytes: number): number => {
  const length = CID_LENGTH + bytes;
  return varintLength(length) + length;
};

function writeBlock(out: Uint8Array, at: number, cid: CidBytes, bytes: Uint8Array): number {
  const next = writeVarint(out, at, CID_LENGTH + bytes.length);
  out.set(cid, next);
  out.set(bytes, next + CID_LENGTH);
  return next + CID_LENGTH + bytes.length;
}

/** Writes a whole archive in memory; for commits and proofs, which are small. */
export function writeCar(roots: readonly (Cid | CidBytes)[], blocks: Iterable<CarBlock>): Uint8Array {
  const head = header(roots);
  const all = [...blocks];
  let size = head.length;
  for (const { bytes } of all) size += blockLength(bytes.length);
  const out = new Uint8Array(size);
  out.set(head);
  let at = head.length;
  for (const { cid, bytes } of all) at = writeBlock(out, at, asCidBytes(cid), bytes);
  return out;
}

const iteratorOf = <T>(items: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> =>
  Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();

/**
 * Writes an archive as a byte stream, in chunks of at least CHUNK_BYTES. Blocks are pulled only as the reader
 * reads, so memory is one chunk whatever the size. Cancelling the stream ends the iteration (calls the
 * iterator's `return`).
 * @param loan of the memory that it holds: given back at its end; if it is ended before, the stream breaks off
 */
export function carStream(
  roots: readonly (Cid | CidBytes)[],
  blocks: AsyncIterable<CarBlock> | Iterable<CarBlock>,
  loan: Loan | null = null,
): ReadableStream<Uint8Array> {
  const chunks = new ChunkWriter(header(roots), iteratorOf(blocks));
  return sent(
    () => chunks.next(),
    loan,
    () => chunks.end(),
  );
}

/** Joins blocks to chunks, each valid until the next. */
class ChunkWriter {
  #head: Uint8Array | null;
  readonly #blocks: AsyncIterator<CarBlock> | Iterator<CarBlock>;
  #chunk = new Uint8Array(CHUNK_CAPACITY);

  constructor(head: Uint8Array, blocks: AsyncIterator<CarBlock> | Iterator<CarBlock>) {
    this.#head = head;
    this.#blocks = blocks;
  }

  /** Null at the end. */
  async next(): Promise<Uint8Array | null> {
    let at = this.#begin();
    while (at < CHUNK_BYTES) {
      const step = this.#blocks.next();
      // A synchronous source does not pay a turn of the event loop per block.
      const { done, value } = step instanceof Promise ? await step : step;
      if (done === true) return at === 0 ? null : this.#chunk.subarray(0, at);
      const size = blockLength(value.bytes.length);
      if (at + size > this.#chunk.length) this.#become(at + size, at);
      at = writeBlock(this.#chunk, at, asCidBytes(value.cid), value.bytes);
    }
    return this.#chunk.subarray(0, at);
  }

  /** @returns where the first block goes */
  #begin(): number {
    if (this.#chunk.length > CHUNK_CAPACITY) this.#become(CHUNK_CAPACITY, 0);
    const head = this.#head;
    this.#head = null;
    if (head === null) return 0;
    this.#chunk.set(head);
    return head.length;
  }

  /** Takes another buffer, with the first `kept` bytes of this one. */
  #become(size: number, kept: number): void {
    const other = new Uint8Array(size);
    other.set(this.#chunk.subarray(0, kept));
    free(this.#chunk);
    this.#chunk = other;
  }

  async end(): Promise<void> {
    await this.#blocks.return?.();
    free(this.#chunk);
  }
}

// ------------------------------------------------------------------------------------------------ reading

/** Reads a varint at `at`: its value and the offset after it; null when the bytes end first. */
function readVarint(bytes: Uint8Array, at: number): { value: number; next: number } | null {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 7; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (byte === 0 && i > 0) throw refuse("length not in its shortest form");
      return { value, next: at + i + 1 };
    }
    scale *= 0x80;
  }
  throw refuse("length out of range");
}

function parseHeader(body: Uint8Array): Cid[] {
  const fields = decode(body);
  if (!isMap(fields) || fields["version"] !== 1) throw refuse("not version 1");
  const { roots } = fields;
  if (!Array.isArray(roots)) throw refuse("no roots");
  return roots.map((root) => {
    const link = isMap(root) ? root["$link"] : undefined;
    if (typeof link !== "string") throw refuse("root that is no link");
    return link;
  });
}

/** Splits a section into CID and block and checks the hash. */
function parseSection(section: Uint8Array, hash: typeof sha256): { cid: CidBytes; bytes: Uint8Array } {
  if (!isCidBytes(section)) throw refuse("block without a SHA-256 CID of version 1");
  const cid = section.subarray(0, CID_LENGTH);
  const bytes = section.subarray(CID_LENGTH);
  const digest = hash(bytes);
  for (let i = 0; i < 32; i++)
    if (digest[i] !== cid[4 + i]) throw refuse(`block does not match its CID ${cidFromBytes(cid)}`);
  return { cid, bytes };
}

const sectionLimit = (limits: CarLimits): number => (limits.maxBlockBytes ?? DEFAULT_MAX_BLOCK) + CID_LENGTH;

function checkLength(length: number, limit: number): void {
  if (length === 0) throw refuse("empty section");
  if (length > limit) throw refuse(`section of ${length} bytes, more than ${limit}`);
}

/**
 * Reads a whole archive. Blocks are views of `car`, keyed by CID. Refuses InvalidRequest: anything malformed
 * or over a limit.
 */
export function readCar(
  car: Uint8Array,
  limits: CarLimits = {},
): { roots: Cid[]; blocks: Map<Cid, Uint8Array> } {
  if (car.length > (limits.maxBytes ?? Infinity)) throw refuse(`more than ${limits.maxBytes} bytes`);
  let at = 0;
  const section = (limit: number): Uint8Array => {
    const length = readVarint(car, at);
    if (length === null) throw refuse("unexpected end");
    checkLength(length.value, limit);
    at = length.next + length.value;
    if (at > car.length) throw refuse("unexpected end");
    return car.subarray(length.next, at);
  };
  const roots = parseHeader(section(MAX_HEADER));
  const blocks = new Map<Cid, Uint8Array>();
  const limit = sectionLimit(limits);
  const { maxBlocks = Infinity } = limits;
  for (let count = 0; at < car.length; count++) {
    if (count >= maxBlocks) throw refuse(`more than ${maxBlocks} blocks`);
    const { cid, bytes } = parseSection(section(limit), sha256);
    blocks.set(cidFromBytes(cid), bytes);
  }
  return { roots, blocks };
}

/** Takes exact lengths out of a stream. Holds at most the requested bytes and one slice, in one buffer. */
class Chunks {
  readonly #slices: Slices;
  readonly #maxBytes: number;
  #held = new Uint8Array(2 * SLICE);
  #at = 0;
  #end = 0;
  #total = 0;

  constructor(stream: ReadableStream<Uint8Array>, maxBytes: number) {
    this.#slices = new Slices(stream);
    this.#maxBytes = maxBytes;
  }

  /** Buffers at least `length` bytes, or fewer at the end of the stream; returns the number available. */
  async fill(length: number): Promise<number> {
    while (this.#end - this.#at < length) {
      const slice = await this.#slices.next();
      if (slice === null) break;
      this.#total += slice.length;
      if (this.#total > this.#maxBytes) throw refuse(`more than ${this.#maxBytes} bytes`);
      this.#add(slice, length);
    }
    return this.#end - this.#at;
  }

  #add(slice: Uint8Array, wanted: number): void {
    const have = this.#end - this.#at;
    const room = Math.max(wanted, have) + slice.length;
    if (room > this.#held.length) {
      const larger = new Uint8Array(room);
      larger.set(this.#held.subarray(this.#at, this.#end));
      free(this.#held);
      this.#held = larger;
    } else {
      this.#held.copyWithin(0, this.#at, this.#end);
    }
    this.#held.set(slice, have);
    this.#at = 0;
    this.#end = have + slice.length;
  }

  /** The next section, valid until the one after it is asked for; null at a clean end. */
  async section(limit: number): Promise<Uint8Array | null> {
    const have = await this.fill(8);
    if (have === 0) return null;
    const length = readVarint(this.#held.subarray(0, this.#end), this.#at);
    if (length === null) throw refuse("unexpected end");
    checkLength(length.value, limit);
    this.#at = length.next;
    if ((await this.fill(length.value)) < length.value) throw refuse("unexpected end");
    const start = this.#at;
    this.#at += length.value;
    return this.#held.subarray(start, this.#at);
  }

  async cancel(): Promise<void> {
    await this.#slices.cancel();
    free(this.#held);
  }
}

/**
 * Reads an archive as it arrives: the roots at once, the blocks one by one, each with its hash checked and
 * valid until the next. Memory is one block and one slice. Leaving the loop early cancels the stream. Refuses InvalidRequest:
 * anything malformed or over a limit.
 */
export async function readCarStream(
  stream: ReadableStream<Uint8Array>,
  limits: CarLimits = {},
): Promise<{ roots: Cid[]; blocks: AsyncGenerator<{ cid: CidBytes; bytes: Uint8Array }> }> {
  const chunks = new Chunks(stream, limits.maxBytes ?? Infinity);
  try {
    const first = await chunks.section(MAX_HEADER);
    if (first === null) throw refuse("unexpected end");
    return { roots: parseHeader(first), blocks: sections(chunks, limits) };
  } catch (error) {
    await chunks.cancel();
    throw error;
  }
}

async function* sections(
  chunks: Chunks,
  limits: CarLimits,
): AsyncGenerator<{ cid: CidBytes; bytes: Uint8Array }> {
  const limit = sectionLimit(limits);
  const { maxBlocks = Infinity } = limits;
  try {
    for (let count = 0; ; count++) {
      const section = await chunks.section(limit);
      if (section === null) break;
      if (count >= maxBlocks) throw refuse(`more than ${maxBlocks} blocks`);
      yield parseSection(section, sha256OfMany);
    }
  } finally {
    await chunks.cancel();
  }
}
