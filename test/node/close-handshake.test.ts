/** How the host's two streams end, seen by a bare TCP client: no library hides a missing answer. */
import { randomBytes } from "node:crypto";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningHost } from "../../tools/dev/host.ts";
import { startHost } from "../../tools/dev/host.ts";

let host: RunningHost;
beforeAll(async () => {
  host = await startHost({ vars: { REGISTRATION: "open", RATE_LIMITS: "off" } });
});
afterAll(() => host.stop());

const STREAMS = ["com.atproto.sync.subscribeRepos", "com.atproto.label.subscribeLabels"];
const CLOSE = 8;

const closeBody = (code: number, reason: string | Buffer = ""): Buffer =>
  Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);

/** A connection that has been upgraded. */
class Connection {
  /** Frames of at most 125 bytes, by opcode. */
  readonly frames: { opcode: number; body: Buffer }[] = [];
  readonly #socket: net.Socket;
  readonly #ended: Promise<void>;
  #rest = Buffer.alloc(0);
  #upgraded: () => void = () => {};
  #isUpgraded = false;

  private constructor(path: string) {
    const { port, hostname, host: name } = new URL(host.origin);
    this.#socket = net.connect(Number(port), hostname);
    this.#socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#socket.on("error", () => {});
    this.#ended = new Promise((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.write(
      `GET /xrpc/${path} HTTP/1.1\r\nHost: ${name}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
    );
  }

  static async open(path: string): Promise<Connection> {
    const connection = new Connection(path);
    await new Promise<void>((resolve) => (connection.#upgraded = resolve));
    return connection;
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (!this.#isUpgraded) {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.#rest = this.#rest.subarray(end + 4);
      this.#isUpgraded = true;
      this.#upgraded();
    }
    for (let size = this.#whole(); size > 0; size = this.#whole()) {
      this.frames.push({ opcode: (this.#rest[0] ?? 0) & 15, body: this.#rest.subarray(2, size) });
      this.#rest = this.#rest.subarray(size);
    }
  }

  /** The size of the first frame; 0 while it is incomplete. */
  #whole(): number {
    const size = 2 + (this.#rest[1] ?? 0);
    return this.#rest.length < size ? 0 : size;
  }

  close(body: Buffer): void {
    const mask = randomBytes(4);
    const masked = body.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    this.#socket.write(Buffer.concat([Buffer.from([0x80 | CLOSE, 0x80 | body.length]), mask, masked]));
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

describe.each(STREAMS)("%s", (stream) => {
  test.each([
    ["1000", closeBody(1000), closeBody(1000)],
    ["1001 with a reason", closeBody(1001, "bye"), closeBody(1001, "bye")],
    ["an application's own code", closeBody(4999, "x".repeat(123)), closeBody(4999, "x".repeat(123))],
    ["no code", Buffer.alloc(0), Buffer.alloc(0)],
    ["a code that may not be sent", closeBody(999), closeBody(1002)],
    ["a code that is reserved", closeBody(1004), closeBody(1002)],
    ["a code beyond all ranges", closeBody(5000), closeBody(1002)],
    ["a reason that is no text", closeBody(1000, Buffer.alloc(100, 255)), closeBody(1002)],
  ])("a Close with %s is answered by a Close, and the connection ends", async (_, sent, answer) => {
    const connection = await Connection.open(stream);
    connection.close(sent);
    expect(await connection.ends()).toBe(true);
    expect(connection.frames).toEqual([{ opcode: CLOSE, body: answer }]);
  });

  test("a replay is left as properly as a live stream", async () => {
    const connection = await Connection.open(`${stream}?cursor=0`);
    connection.close(closeBody(1000));
    expect(await connection.ends()).toBe(true);
    expect(connection.frames.at(-1)).toEqual({ opcode: CLOSE, body: closeBody(1000) });
  });

  test("the connection of a refused cursor ends when its client answers", async () => {
    const connection = await Connection.open(`${stream}?cursor=none`);
    connection.close(closeBody(1008));
    expect(await connection.ends()).toBe(true);
    expect(connection.frames.at(-1)).toEqual({ opcode: CLOSE, body: closeBody(1008, "InvalidRequest") });
  });
});
