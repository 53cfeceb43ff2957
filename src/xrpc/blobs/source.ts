/** The bytes of an upload as they come: measured slice by slice, and gathered in parts. */
import { createHash } from "node:crypto";
import { Gathering, SLICE, Slices, brokenBody } from "../../protocol/body.ts";
import { rawCidFromDigest } from "../../protocol/cid.ts";
import { type Loan, free } from "../../protocol/memory.ts";
import { Refusal } from "../../protocol/refusal.ts";

/** Facts about an upload, from its bytes. */
export interface Measured {
  cid: string;
  mimeType: string;
  size: number;
}

/** R2's minimum part size. */
export const PART = 5 * 1024 * 1024;
/** Room that every upload gets; most pictures fit. */
const FIRST = 256 * 1024;
/** Most first bytes that file-type looks at for formats that it recognises by their head. */
const SNIFFED = 4100;

export const tooLarge = () => new Refusal("PayloadTooLarge", "request entity too large", 413);

/** Hashes and counts the bytes that pass through, and keeps the first ones for sniffing. */
class Meter {
  readonly #hash = createHash("sha256");
  readonly #head = new Gathering();
  readonly #limit: number;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(chunk: Uint8Array): void {
    this.#size += chunk.byteLength;
    if (this.#size > this.#limit) throw tooLarge();
    if (this.#head.size < SNIFFED) this.#head.add(chunk.subarray(0, SNIFFED - this.#head.size));
    this.#hash.update(chunk);
  }

  async finish(claimed: string): Promise<Measured> {
    const cid = rawCidFromDigest(this.#hash.digest());
    return { cid, mimeType: (await sniff(this.#head.bytes)) ?? claimed, size: this.#size };
  }
}

/** The media type that the bytes show. It overrides the client's claim. */
async function sniff(head: Uint8Array): Promise<string | undefined> {
  // Loaded on the first upload.
  const { fileTypeFromBuffer } = await import("file-type");
  try {
    return (await fileTypeFromBuffer(head))?.mime;
  } catch {
    return undefined;
  }
}

/** A body as it is read, slice by slice, each measured. */
export class Source {
  readonly meter: Meter;
  readonly #slices: Slices | null;

  constructor(body: ReadableStream<Uint8Array> | null, limit: number) {
    this.meter = new Meter(limit);
    this.#slices = body === null ? null : new Slices(body);
  }

  /** The next slice; null at the end. Refuses InvalidRequest if the body breaks off. */
  async next(): Promise<Uint8Array | null> {
    if (this.#slices === null) return null;
    const slice = await this.#slices.next().catch((thrown: unknown) => {
      throw brokenBody(thrown);
    });
    if (slice !== null) this.meter.take(slice);
    return slice;
  }

  async cancel(): Promise<void> {
    await this.#slices?.cancel();
  }
}

/** A part, filled over and over: R2 has taken it once the call that stores it returns. */
export class Part {
  #buffer = new Uint8Array(FIRST);
  #size = 0;

  /** Fills it from a source, and a little beyond. @returns whether that was all */
  async fill(source: Source, loan: Loan): Promise<boolean> {
    while (this.#size <= PART) {
      const slice = await loan.during(source.next());
      if (slice === null) return true;
      if (this.#size + slice.byteLength > this.#buffer.byteLength) this.#grow();
      this.#buffer.set(slice, this.#size);
      this.#size += slice.byteLength;
    }
    return false;
  }

  #grow(): void {
    const whole = new Uint8Array(PART + SLICE);
    whole.set(this.#buffer.subarray(0, this.#size));
    free(this.#buffer);
    this.#buffer = whole;
  }

  /** At most `PART` bytes. What was read beyond is in the next. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, Math.min(this.#size, PART));
  }

  next(): void {
    this.#buffer.copyWithin(0, PART, this.#size);
    this.#size = Math.max(0, this.#size - PART);
  }

  free(): void {
    free(this.#buffer);
  }
}
