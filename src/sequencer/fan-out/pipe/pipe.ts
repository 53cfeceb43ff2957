/**
 * A WebSocket served over a byte stream, so that it is known what the client has taken: a write waits until its
 * bytes have left for the client. The runtime's own sockets tell nothing of that kind.
 *
 * The stream is one end of a `Socket` pair. At the other, workerd's HTTP client speaks WebSocket to this code,
 * and the client's own connection is coupled to it without any JavaScript. workerd has this client behind its
 * flag `experimental`, which local runs set and Cloudflare does not allow. There, sockets hibernate.
 */
import type { Message } from "../format.ts";
import type { Received } from "./frame-reader.ts";
import {
  CLOSE,
  PING,
  PONG,
  PROTOCOL_ERROR,
  TEXT,
  encodeClose,
  encodeControl,
  encodeMessages,
  isCloseBody,
} from "./frames.ts";
import { FrameReader, ProtocolError } from "./frame-reader.ts";
import { acceptKey, readHead, writeHead, writeResponse } from "./handshake.ts";

/** Milliseconds that a client has to answer a Close, and that the last bytes have to leave. */
const CLOSING = 5_000;
const FLUSHING = 1_000;
/** Most bytes of a client's message. */
const MOST_BYTES = 1_100_000;

export class Pipe {
  readonly request: Request;
  readonly #socket: Socket;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #rest: Uint8Array;
  #isClosing = false;

  private constructor(
    socket: Socket,
    reader: ReadableStreamDefaultReader<Uint8Array>,
    { request, rest }: { request: Request; rest: Uint8Array },
  ) {
    this.#socket = socket;
    this.#reader = reader;
    this.#writer = socket.writable.getWriter();
    this.request = request;
    this.#rest = rest;
  }

  /** Reads the upgrade request that was written to the other end; null if that end has gone. */
  static async open(socket: Socket): Promise<Pipe | null> {
    const reader: ReadableStreamDefaultReader<Uint8Array> = socket.readable.getReader();
    const head = await readHead(reader);
    return head === null ? null : new Pipe(socket, reader, head);
  }

  /** Answers without an upgrade. */
  async refuse(response: Response): Promise<void> {
    await this.#writer.write(await writeResponse(response));
    await this.#writer.close();
  }

  async upgrade(): Promise<void> {
    const key = await acceptKey(this.request.headers.get("sec-websocket-key") ?? "");
    await this.#writer.write(
      writeHead(101, { upgrade: "websocket", connection: "Upgrade", "sec-websocket-accept": key }),
    );
  }

  /** Resolves once the bytes have left for the client. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#writer.write(bytes);
  }

  /** Sends a last message, if any, and a Close. The connection ends when the client answers, or soon after. */
  end(code: number, reason: string, last: Message | null): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (last !== null) void this.#tryWrite(encodeMessages([last]));
    void this.#tryWrite(encodeClose(code, reason));
    setTimeout(() => void this.#hangUp(), CLOSING);
  }

  /** The client's text messages, until the connection ends. */
  async *messages(): AsyncGenerator<string> {
    const frames = new FrameReader(MOST_BYTES);
    try {
      for (let chunk: Uint8Array | undefined = this.#rest; chunk; chunk = await this.#next()) {
        for (const received of frames.take(chunk)) {
          if (received.opcode === CLOSE) return await this.#answerClose(received);
          if (received.opcode === PING) void this.#tryWrite(encodeControl(PONG, received.body));
          if (received.opcode === TEXT) yield new TextDecoder().decode(received.body);
        }
      }
    } catch (thrown) {
      if (!(thrown instanceof ProtocolError)) throw thrown;
      await this.#tryWrite(encodeClose(thrown.code, thrown.message));
    } finally {
      await this.#hangUp();
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      return (await this.#reader.read()).value;
    } catch {
      // The other end is gone.
      return undefined;
    }
  }

  /** The client's own code and reason, or a protocol error if they may not be sent. */
  async #answerClose({ body }: Received): Promise<void> {
    if (this.#isClosing) return;
    const answer = isCloseBody(body) ? encodeControl(CLOSE, body) : encodeClose(PROTOCOL_ERROR, "");
    await this.#tryWrite(answer);
  }

  async #tryWrite(bytes: Uint8Array): Promise<void> {
    try {
      await this.#writer.write(bytes);
    } catch {
      // The other end is gone, as `messages` sees.
    }
  }

  /** Ends the connection, once what was written has left or a moment has passed. */
  async #hangUp(): Promise<void> {
    await Promise.race([this.#writer.close().catch(() => {}), scheduler.wait(FLUSHING)]);
    await Promise.allSettled([this.#writer.abort(), this.#reader.cancel(), this.#socket.close()]);
  }
}
