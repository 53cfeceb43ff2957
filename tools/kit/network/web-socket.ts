/**
 * The part of a WebSocket client (RFC 6455) that a firehose needs. Node's own client keeps the process alive
 * while it is open, so a test that forgets to close it would never end.
 */
import { randomBytes } from "node:crypto";
import http from "node:http";
import type { Socket } from "node:net";

const OPCODE = { continuation: 0, binary: 2, close: 8, ping: 9, pong: 10 };

export interface WebSocketHandlers {
  message(data: Uint8Array): void;
  /** Called once, however the connection ended. */
  closed(): void;
}

export class QuietWebSocket {
  readonly #socket: Socket;
  readonly #handlers: WebSocketHandlers;
  #buffer: Buffer = Buffer.alloc(0);
  #fragments: Buffer[] = [];

  private constructor(socket: Socket, handlers: WebSocketHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.unref();
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", () => {});
    socket.once("close", () => handlers.closed());
  }

  static open(url: string, handlers: WebSocketHandlers): Promise<QuietWebSocket> {
    const request = http.get(url, {
      agent: false,
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": randomBytes(16).toString("base64"),
      },
    });
    return new Promise((resolve, reject) => {
      request.once("error", reject);
      request.once("response", (response) => {
        response.resume();
        reject(new Error(`${url}: ${response.statusCode} instead of a WebSocket`));
      });
      request.once("upgrade", (_, socket, head) => {
        const opened = new QuietWebSocket(socket as Socket, handlers);
        opened.#take(head);
        resolve(opened);
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    for (let frame = readFrame(this.#buffer); frame !== null; frame = readFrame(this.#buffer)) {
      this.#buffer = this.#buffer.subarray(frame.end);
      this.#frame(frame);
    }
  }

  #frame({ opcode, final, payload }: Frame): void {
    if (opcode === OPCODE.ping) return void this.#socket.write(clientFrame(OPCODE.pong, payload));
    if (opcode === OPCODE.close) return void this.#socket.end(clientFrame(OPCODE.close, payload));
    if (opcode !== OPCODE.binary && opcode !== OPCODE.continuation) return;
    this.#fragments.push(payload);
    if (!final) return;
    const whole = this.#fragments.length === 1 ? payload : Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.#handlers.message(Uint8Array.from(whole));
  }
}

interface Frame {
  opcode: number;
  final: boolean;
  payload: Buffer;
  end: number;
}

/** Reads the first frame; null if it is incomplete. A server does not mask. */
function readFrame(buffer: Buffer): Frame | null {
  const [first, second] = buffer;
  if (first === undefined || second === undefined) return null;
  let length = second & 127;
  let start = 2;
  if (length === 126) {
    if (buffer.length < 4) return null;
    length = buffer.readUInt16BE(2);
    start = 4;
  } else if (length === 127) {
    if (buffer.length < 10) return null;
    length = Number(buffer.readBigUInt64BE(2));
    start = 10;
  }
  const end = start + length;
  if (buffer.length < end) return null;
  return { opcode: first & 15, final: (first & 128) !== 0, payload: buffer.subarray(start, end), end };
}

/** Encodes a short frame (at most 125 bytes). Its mask is zero, since there is no proxy to protect. */
function clientFrame(opcode: number, payload: Buffer): Buffer {
  const short = payload.subarray(0, 125);
  return Buffer.concat([Buffer.from([128 | opcode, 128 | short.length, 0, 0, 0, 0]), short]);
}
