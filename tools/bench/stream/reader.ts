/** A reader of the firehose that splits the stream into frames, and keeps no more of them than it must. */
import { createHash, randomBytes } from "node:crypto";
import net from "node:net";

const CLOSE = 8;
const REPOS = "/xrpc/com.atproto.sync.subscribeRepos";

export interface ReaderOptions {
  /** Only what is new, if absent. */
  cursor?: number;
  /** Whether it never reads. */
  silent?: boolean;
  /** Called with each frame's number, from 0. */
  onFrame?: (index: number, body: Buffer) => void;
}

export class FrameReader {
  frames = 0;
  bytes = 0;
  /** Why the host ended the connection; null while it is open or was ended from here. */
  closed: string | null = null;
  readonly #socket: net.Socket;
  readonly #onFrame: ((index: number, body: Buffer) => void) | undefined;
  #parts: Buffer[] = [];
  #size = 0;
  /** Bytes that the next step needs. */
  #wanted = 0;
  #isUpgraded = false;
  #hasLeft = false;

  constructor(origin: string, { cursor, silent = false, onFrame }: ReaderOptions = {}) {
    const { port, hostname, host } = new URL(origin);
    this.#onFrame = onFrame;
    this.#socket = net.connect(Number(port), hostname);
    this.#socket.setNoDelay(true);
    const query = cursor === undefined ? "" : `?cursor=${cursor}`;
    this.#socket.write(
      `GET ${REPOS}${query} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
    );
    if (silent) this.#socket.pause();
    else this.#socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#socket.on("error", () => {});
    this.#socket.once("close", () => {
      if (!this.#hasLeft) this.closed ??= "the connection broke";
    });
  }

  #take(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#parts.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= this.#wanted && this.#step());
  }

  #joined(): Buffer {
    const [only] = this.#parts;
    const all = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
    this.#parts = [all];
    return all;
  }

  #drop(bytes: number): void {
    const rest = this.#joined().subarray(bytes);
    this.#parts = [rest];
    this.#size = rest.length;
    this.#wanted = 2;
  }

  /** Takes one frame, or the head of the answer. False: more bytes are needed. */
  #step(): boolean {
    const all = this.#joined();
    if (!this.#isUpgraded) {
      const end = all.indexOf("\r\n\r\n");
      if (end < 0) return false;
      const [status = ""] = all.toString("latin1", 0, end).split("\r\n", 1);
      if (!status.includes(" 101")) this.closed = status;
      this.#isUpgraded = true;
      this.#drop(end + 4);
      return this.closed === null;
    }
    if (all.length < 10 && all.length < this.#headOf(all)) return false;
    const start = this.#headOf(all);
    const short = (all[1] ?? 0) & 127;
    const size = short < 126 ? short : short === 126 ? all.readUInt16BE(2) : Number(all.readBigUInt64BE(2));
    this.#wanted = start + size;
    if (all.length < this.#wanted) return false;
    this.#frame((all[0] ?? 0) & 15, all.subarray(start, start + size));
    this.#drop(start + size);
    return true;
  }

  #headOf(bytes: Buffer): number {
    const short = (bytes[1] ?? 0) & 127;
    return short < 126 ? 2 : short === 126 ? 4 : 10;
  }

  #frame(opcode: number, body: Buffer): void {
    if (opcode === CLOSE) {
      this.closed = `${body.length < 2 ? "" : body.readUInt16BE(0)} ${body.toString("utf8", 2)}`;
      return;
    }
    this.#onFrame?.(this.frames, body);
    this.frames += 1;
  }

  leave(): void {
    this.#hasLeft = true;
    this.#socket.destroy();
  }
}

export const hashOf = (body: Buffer): string => createHash("sha256").update(body).digest("base64");
