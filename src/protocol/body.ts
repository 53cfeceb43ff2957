/**
 * Bodies in bounded memory. Those that come are read under a limit: of requests, of forms, of other services'
 * answers. However much is sent, and in however small pieces, no more is held than the limit and what it takes
 * to copy it. Those that go are held until their reader has taken them.
 */
import { type Lender, type Loan, free, lenders } from "./memory.ts";
import { invalidRequest, isRefusal } from "./refusal.ts";

/** Bytes gathered from chunks. Each is copied: a chunk of one byte may keep a buffer of kilobytes alive. */
export class Gathering {
  #buffer = new Uint8Array();
  size = 0;

  add(chunk: Uint8Array): void {
    const size = this.size + chunk.byteLength;
    if (size > this.#buffer.byteLength) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#buffer.byteLength));
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(chunk, this.size);
    this.size = size;
  }

  /** A view, valid until the next `add`. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.size);
  }
}

/** Bytes read at a time. */
export const SLICE = 64 * 1024;
/** Bytes that a body may have without asking for memory. Hardly any has more. */
const UNASKED = 16 * 1024;
/** Bytes that a longer body gets room for at once, up to its limit. */
const ASKED = 256 * 1024;

/**
 * The bytes of a stream, as much as fits one buffer at a time: a body sent byte by byte would otherwise come
 * in a buffer of kilobytes for each, and a long one in a buffer for each of its parts.
 */
export class Slices {
  readonly #bytes: ReadableStreamBYOBReader | null;
  readonly #chunks: ReadableStreamDefaultReader<Uint8Array> | null;
  readonly #size: number;
  #buffer: ArrayBuffer;
  /** Of a chunk that a program made, which may be larger than a slice. */
  #rest: Uint8Array = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>, size = SLICE) {
    this.#bytes = byteReader(stream);
    this.#chunks = this.#bytes === null ? stream.getReader() : null;
    this.#size = size;
    this.#buffer = new ArrayBuffer(this.#bytes === null ? 0 : size);
  }

  /** The next slice, valid until the one after it is asked for; null at the end. */
  async next(): Promise<Uint8Array | null> {
    if (this.#bytes === null) return this.#nextOf(this.#chunks);
    // At its end, the runtime keeps the buffer.
    if (this.#buffer.detached) return null;
    const { value } = await this.#bytes.readAtLeast(this.#size, new Uint8Array(this.#buffer));
    if (value === undefined || value.byteLength === 0) return null;
    this.#buffer = value.buffer as ArrayBuffer;
    return value;
  }

  async #nextOf(chunks: ReadableStreamDefaultReader<Uint8Array> | null): Promise<Uint8Array | null> {
    while (this.#rest.byteLength === 0) {
      const value = (await chunks?.read())?.value;
      if (value === undefined) return null;
      this.#rest = value;
    }
    const slice = this.#rest.subarray(0, this.#size);
    this.#rest = this.#rest.subarray(this.#size);
    return slice;
  }

  /** Drops the rest, and the last slice. One that is waited for is the end then. */
  async cancel(reason?: unknown): Promise<void> {
    await (this.#bytes ?? this.#chunks)?.cancel(reason).catch(() => {});
    // While one is waited for, the runtime has the buffer.
    if (!this.#buffer.detached) this.#buffer = this.#buffer.transfer(0);
  }
}

/** Null for a stream of objects, such as one that a program made. */
function byteReader(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    return null;
  }
}

/**
 * Reads a stream to its end. Null if it is longer than `most` bytes; the rest is then not read. Refuses what
 * the lender refuses.
 * @param expected the announced length, if there is one
 */
export async function gather(
  stream: ReadableStream<Uint8Array> | null,
  most: number,
  lender: Lender,
  expected = UNASKED,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (stream === null) return new Uint8Array();
  const room = new Room(most, lender);
  try {
    await room.makeFor(Math.min(expected, most));
    return await room.fillFrom(new Slices(stream, expected > UNASKED ? SLICE : UNASKED));
  } finally {
    room.giveBack();
  }
}

/** A buffer that a stream fills, with the loan for it. */
class Room {
  readonly #most: number;
  readonly #lender: Lender;
  #loan: Loan | null = null;
  #buffer = new Uint8Array();
  #size = 0;

  constructor(most: number, lender: Lender) {
    this.#most = most;
    this.#lender = lender;
  }

  async makeFor(bytes: number): Promise<void> {
    if (bytes > UNASKED) {
      if (this.#loan === null) this.#loan = await this.#lender.borrow(bytes);
      else await this.#loan.growSoon(bytes - this.#loan.bytes);
    }
    const larger = new Uint8Array(bytes);
    larger.set(this.#filled());
    free(this.#buffer);
    this.#buffer = larger;
  }

  /** Grows by a factor, so that what is copied stays less than what is read. */
  async #fit(bytes: number): Promise<void> {
    if (this.#size + bytes <= this.#buffer.byteLength) return;
    await this.makeFor(Math.min(this.#most, Math.max(this.#size + bytes, 4 * this.#size, ASKED)));
  }

  /** At the end of a stream the runtime keeps the buffer that it was to fill, so slices are copied. */
  async fillFrom(slices: Slices): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      for (;;) {
        const step = slices.next();
        const slice = await (this.#loan === null ? step : this.#loan.during(step));
        if (slice === null) return this.#filled();
        if (this.#size + slice.byteLength > this.#most) return this.#drop();
        await this.#fit(slice.byteLength);
        this.#buffer.set(slice, this.#size);
        this.#size += slice.byteLength;
      }
    } finally {
      await slices.cancel();
    }
  }

  #drop(): null {
    free(this.#buffer);
    return null;
  }

  #filled(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#size);
  }

  giveBack(): void {
    this.#loan?.giveBack();
  }
}

/**
 * Reads a request's body. Null if it is longer than `limit` bytes, by its announced length or by counting.
 * Refuses InvalidRequest if it breaks off, RequestTimeout and NotEnoughResources if there is no memory for it.
 */
export async function readBody(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const header = request.headers.get("content-length");
  const announced = header === null ? undefined : Number(header);
  if (announced !== undefined && announced > limit) return null;
  try {
    // The runtime holds a body to its announced length, and drops an announcement that it does not go by.
    if (announced !== undefined && announced <= UNASKED) return new Uint8Array(await request.arrayBuffer());
    return await gather(request.body, limit, lenders.bodies, announced);
  } catch (thrown) {
    throw brokenBody(thrown);
  }
}

/** A stream fails with a refusal if it knows why (`decoding.ts`), otherwise because of how it was sent. */
export const brokenBody = (thrown: unknown) =>
  isRefusal(thrown) ? thrown : invalidRequest("The request body broke off");

/** A body of at most `limit` bytes as text, whatever its media type. Null if it is longer. */
export async function readText(request: Request, limit: number): Promise<string | null> {
  const bytes = await readBody(request, limit);
  if (bytes === null) return null;
  const text = new TextDecoder().decode(bytes);
  free(bytes);
  return text;
}

/** An answer of up to this many bytes is left to the runtime. Nearly all are. */
const LARGE_ANSWER = 128 * 1024;

/** The body of an answer. For a large one, memory is lent. Refuses NotEnoughResources (503). */
export async function bodyOf(answer: string | Uint8Array): Promise<BodyInit> {
  if (answer.length < LARGE_ANSWER) return answer;
  const bytes = typeof answer === "string" ? new TextEncoder().encode(answer) : answer;
  return lentBody(bytes, await lenders.reads.borrow(bytes.byteLength));
}

function lentBody(bytes: Uint8Array, loan: Loan): ReadableStream<Uint8Array> {
  let at = 0;
  const next = async () => {
    const slice = bytes.subarray(at, at + SLICE);
    at += slice.byteLength;
    return slice.byteLength === 0 ? null : slice;
  };
  return sent(next, loan, () => free(bytes));
}

/**
 * A stream of what `next` returns, up to null, as fast as it is read. The runtime has taken one part when the
 * next is asked for, so that they may share a buffer.
 * @param loan given back at the end; if it is ended before, the stream breaks off
 * @param end called at the end, whatever it is
 */
export function sent(
  next: () => Promise<Uint8Array | null>,
  loan: Loan | null,
  end: () => void | Promise<void>,
): ReadableStream<Uint8Array> {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const abort = (why: unknown) => writer.abort(why).catch(() => {});
  const stop = loan?.watch((why) => void abort(why));
  const send = async () => {
    try {
      for (let part = await next(); part !== null; part = await next()) {
        await writer.write(part);
        loan?.touch();
      }
      await writer.close();
    } catch (thrown) {
      await abort(thrown);
    } finally {
      stop?.();
      loan?.giveBack();
      await end();
    }
  };
  void send();
  return readable;
}
