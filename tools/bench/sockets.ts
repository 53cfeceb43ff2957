/**
 * Firehose consumers that cost almost nothing: they read frames off a socket without decoding them. Many of
 * them share this process with the load, so their cost would otherwise dominate the figure.
 */
import { randomBytes } from "node:crypto";
import net from "node:net";

export class Consumer {
  readonly #socket: net.Socket;
  /** Bytes since the upgrade. */
  bytes = 0;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  /** Opens a WebSocket. `onData` gets the received bytes in arbitrary chunks. */
  static open(origin: string, path: string, onData?: (chunk: Buffer) => void): Promise<Consumer> {
    const { hostname, port, host } = new URL(origin);
    const socket = net.connect(Number(port), hostname);
    socket.setNoDelay(true);
    const consumer = new Consumer(socket);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
    );
    return new Promise((resolve, reject) => {
      let head = "";
      const onHead = (chunk: Buffer) => {
        head += chunk.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        socket.off("data", onHead);
        if (!head.startsWith("HTTP/1.1 101"))
          return reject(new Error(`no WebSocket: ${head.split("\r\n", 1)[0]}`));
        const take = (data: Buffer) => {
          consumer.bytes += data.length;
          onData?.(data);
        };
        socket.on("data", take);
        const rest = Buffer.from(head.slice(end + 4), "latin1");
        if (rest.length > 0) take(rest);
        resolve(consumer);
      };
      socket.on("data", onHead);
      socket.once("error", reject);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/**
 * Notices when an expected text (at most 64 characters) arrives on a socket, even if split between chunks.
 */
export class Watcher {
  readonly #wanted = new Map<string, (at: number) => void>();
  #tail = "";

  /** Resolves with the time (performance.now) at which `text` was first seen. */
  seen(text: string): Promise<number> {
    return new Promise((resolve) => this.#wanted.set(text, resolve));
  }

  readonly take = (chunk: Buffer): void => {
    const now = performance.now();
    const text = this.#tail + chunk.toString("latin1");
    for (const [wanted, resolve] of this.#wanted) {
      if (!text.includes(wanted)) continue;
      this.#wanted.delete(wanted);
      resolve(now);
    }
    this.#tail = text.slice(-64);
  };
}

/**
 * Waits until all consumers have received the same number of bytes and no more arrive; false on a timeout.
 */
export async function drained(consumers: readonly Consumer[], milliseconds: number): Promise<boolean> {
  const until = performance.now() + milliseconds;
  for (let before = -1; performance.now() < until;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const total = consumers.reduce((sum, consumer) => sum + consumer.bytes, 0);
    if (total === before && consumers.every((consumer) => consumer.bytes === consumers[0]?.bytes))
      return true;
    before = total;
  }
  return false;
}
