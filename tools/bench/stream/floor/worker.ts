/** A Worker that does nothing but send: what a frame costs the runtime at the least. */
import { DurableObject } from "cloudflare:workers";

/** As many objects as the host opens for a crowd. */
const OBJECTS = 8;

export class Sender extends DurableObject {
  readonly #sockets: WebSocket[] = this.ctx.getWebSockets();

  override async fetch(): Promise<Response> {
    const { 0: client, 1: socket } = new WebSocketPair();
    this.ctx.acceptWebSocket(socket);
    this.#sockets.push(socket);
    return new Response(null, { status: 101, webSocket: client });
  }

  async send(frame: Uint8Array): Promise<void> {
    for (const socket of this.#sockets) if (socket.readyState === WebSocket.OPEN) socket.send(frame);
  }
}

interface Env {
  SENDERS: DurableObjectNamespace<Sender>;
}

let readers = 0;

/** Seats a reader by an upgrade. A POST's body is one frame for all of them. */
export default {
  async fetch(request: Request, { SENDERS }: Env): Promise<Response> {
    const sender = (n: number) => SENDERS.getByName(String(n % OBJECTS));
    if (request.method === "GET") return sender(readers++).fetch(request);
    const frame = new Uint8Array(await request.arrayBuffer());
    await Promise.all(Array.from({ length: OBJECTS }, (_, n) => sender(n).send(frame)));
    return new Response(null, { status: 204 });
  },
};
