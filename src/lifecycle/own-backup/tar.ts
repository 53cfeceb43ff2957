/** Writes a tar archive (POSIX ustar) as a stream. */

const BLOCK = 512;
const encoder = new TextEncoder();

/** A file's header. Throws for a name over 100 bytes, or a file of 8 GiB. */
function headerOf(name: string, size: number, at: number): Uint8Array {
  const header = new Uint8Array(BLOCK);
  const put = (text: string, from: number) => header.set(encoder.encode(text), from);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  if (encoder.encode(name).byteLength > 100 || size >= 8 ** 11) throw new Error(`${name} does not fit a tar`);
  put(name, 0);
  put("0000600\0", 100);
  put("0000000\0", 108);
  put("0000000\0", 116);
  put(`${octal(size, 11)}\0`, 124);
  put(`${octal(Math.floor(at / 1000), 11)}\0`, 136);
  // The sum is taken with blanks in its own place.
  put("        ", 148);
  put("0", 156);
  put("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${octal(sum, 6)}\0 `, 148);
  return header;
}

export class TarWriter {
  readonly #writable: WritableStream<Uint8Array>;
  readonly #at: number;

  /** @param at when the files were made, in milliseconds */
  constructor(writable: WritableStream<Uint8Array>, at: number) {
    this.#writable = writable;
    this.#at = at;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const writer = this.#writable.getWriter();
    try {
      await writer.write(bytes);
    } finally {
      writer.releaseLock();
    }
  }

  async text(name: string, text: string): Promise<void> {
    const bytes = encoder.encode(text);
    await this.#write(headerOf(name, bytes.byteLength, this.#at));
    if (bytes.byteLength > 0) await this.#write(bytes);
    await this.#pad(bytes.byteLength);
  }

  /** Throws if the stream has another length than `size`. */
  async stream(name: string, stream: ReadableStream<Uint8Array>, size: number): Promise<void> {
    await this.#write(headerOf(name, size, this.#at));
    const writer = this.#writable.getWriter();
    const reader = stream.getReader();
    try {
      let left = size;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        left -= value.byteLength;
        if (left < 0) break;
        await writer.write(value);
      }
      if (left !== 0) throw new Error(`${name} has another length than it should have`);
    } finally {
      writer.releaseLock();
      await reader.cancel().catch(() => undefined);
    }
    await this.#pad(size);
  }

  async #pad(size: number): Promise<void> {
    const rest = size % BLOCK;
    if (rest > 0) await this.#write(new Uint8Array(BLOCK - rest));
  }

  async end(): Promise<void> {
    await this.#write(new Uint8Array(2 * BLOCK));
    await this.#writable.close();
  }
}
