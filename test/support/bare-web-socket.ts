/** A WebSocket client that does nothing by itself: it shows every frame that it gets, and answers none. */
import { randomBytes } from "node:crypto";
import net from "node:net";

export const TEXT = 1;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

export const closeBody = (code: number, reason: string | Buffer = ""): Buffer =>
  Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);

export interface Frame {
  opcode: number;
  body: Buffer;
}

function requestText(origin: string, path: string, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\nHost: ${new URL(origin).host}\r\n${lines.join("")}\r\n`;
}

const upgrade = (): Record<string, string> => ({
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
});

export class Connection {
  readonly frames: Frame[] = [];
  readonly #socket: net.Socket;
  readonly #ended: Promise<void>;
  #parts: Buffer[] = [];
  #size = 0;
  #upgraded: () => void = () => {};
  #isUpgraded = false;

  private constructor(origin: string, path: string) {
    const { port, hostname } = new URL(origin);
    this.#socket = net.connect(Number(port), hostname);
    this.#socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#socket.on("error", () => {});
    this.#ended = new Promise((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.write(requestText(origin, path, upgrade()));
  }

  static async open(origin: string, path: string): Promise<Connection> {
    const connection = new Connection(origin, path);
    await new Promise<void>((resolve) => (connection.#upgraded = resolve));
    return connection;
  }

  /** The whole answer to a request that is not upgraded. */
  static ask(origin: string, path: string): Promise<string> {
    const { port, hostname } = new URL(origin);
    const socket = net.connect(Number(port), hostname);
    socket.write(requestText(origin, path, upgrade()));
    let answer = "";
    return new Promise((resolve, reject) => {
      socket.setTimeout(5_000, () => socket.destroy());
      socket.on("data", (chunk: Buffer) => {
        answer += String(chunk);
        if (answer.includes("}")) socket.destroy();
      });
      socket.once("close", () => resolve(answer));
      socket.once("error", reject);
    });
  }

  #take(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    if (!this.#isUpgraded) {
      const end = this.#all().indexOf("\r\n\r\n");
      if (end < 0) return;
      this.#drop(end + 4);
      this.#isUpgraded = true;
      this.#upgraded();
    }
    while (this.#takeFrame());
  }

  #all(): Buffer {
    const all = this.#parts.length === 1 ? this.#parts[0] : undefined;
    const joined = all ?? Buffer.concat(this.#parts);
    this.#parts = [joined];
    return joined;
  }

  #drop(bytes: number): void {
    const rest = this.#all().subarray(bytes);
    this.#parts = [rest];
    this.#size = rest.length;
  }

  #takeFrame(): boolean {
    const head = this.#parts[0];
    if (head === undefined || this.#size < 2) return false;
    const all = head.length < 10 ? this.#all() : head;
    const short = (all[1] ?? 0) & 127;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (this.#size < start) return false;
    const size = short < 126 ? short : short === 126 ? all.readUInt16BE(2) : Number(all.readBigUInt64BE(2));
    if (this.#size < start + size) return false;
    this.frames.push({
      opcode: (all[0] ?? 0) & 15,
      body: Buffer.from(this.#all().subarray(start, start + size)),
    });
    this.#drop(start + size);
    return true;
  }

  send(opcode: number, body: Buffer, { final = true } = {}): void {
    const mask = randomBytes(4);
    const masked = body.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    const first = (final ? 0x80 : 0) | opcode;
    const head =
      body.length < 126
        ? [first, 0x80 | body.length]
        : [first, 0x80 | 126, body.length >> 8, body.length & 255];
    this.#socket.write(Buffer.concat([Buffer.from(head), mask, masked]));
  }

  close(body: Buffer): void {
    this.send(CLOSE, body);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Waits for so many frames. Throws if they do not come within 20 seconds. */
  async until(count: number): Promise<void> {
    for (const end = Date.now() + 20_000; this.frames.length < count;) {
      if (Date.now() > end) throw new Error(`${this.frames.length} frames, not ${count}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Whether the host ends the connection within a second. */
  async ends(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), 1000)));
    const ended = await Promise.race([this.#ended.then(() => true), late]);
    clearTimeout(timer);
    this.#socket.destroy();
    return ended;
  }
}
