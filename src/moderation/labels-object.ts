/**
 * The labels' sockets (com.atproto.label.subscribeLabels): one object a host. The labels themselves are in the directory,
 * so this object stores nothing; a socket carries its own position, and the object sleeps whenever all are up to date.
 * A whole history is replayed, since a labeler's consumers need every label that was ever made.
 */
import { DurableObject } from "cloudflare:workers";
import { encodeErrorFrame } from "../protocol/event-frames.ts";
import { encodeLabelsFrame } from "../protocol/label.ts";
import type { Bindings, LabelsStation } from "../protocol/stations.ts";
import { ModerationLabels } from "./labels.ts";

/** Labels read at a time. */
const PAGE = 500;
/** Between two pages to one socket: about 3 MB a second, since the platform gives no backpressure. */
const PAGE_PAUSE_MS = 50;
const SOCKETS_MAX = 200;

interface Position {
  seq: number;
}

export class LabelsObject extends DurableObject<Pick<Bindings, "DIRECTORY">> implements LabelsStation {
  /** Sockets that are being brought up to date, so that none is by two at once; true: look once more. */
  readonly #busy = new Map<WebSocket, boolean>();

  override async fetch(request: Request): Promise<Response> {
    const given = new URL(request.url).searchParams.get("cursor");
    if (this.ctx.getWebSockets().length >= SOCKETS_MAX) return new Response(null, { status: 503 });
    const { 0: client, 1: socket } = new WebSocketPair();
    const labels = new ModerationLabels(this.env.DIRECTORY);
    const head = await labels.head();
    const seq = given === null ? head : Number(given);
    this.ctx.acceptWebSocket(socket);
    socket.serializeAttachment({ seq } satisfies Position);
    if (seq > head) {
      socket.send(encodeErrorFrame("FutureCursor", "Cursor in the future."));
      socket.close(1008, "FutureCursor");
    } else {
      this.ctx.waitUntil(this.#update(socket, labels));
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  /** New labels are there. */
  async announce(): Promise<void> {
    const labels = new ModerationLabels(this.env.DIRECTORY);
    await Promise.all(this.ctx.getWebSockets().map((socket) => this.#update(socket, labels)));
  }

  async #update(socket: WebSocket, labels: ModerationLabels): Promise<void> {
    const isBusy = this.#busy.has(socket);
    this.#busy.set(socket, isBusy);
    if (isBusy) return;
    try {
      for (;;) {
        let { seq } = socket.deserializeAttachment() as Position;
        this.#busy.set(socket, false);
        const page = await labels.after(seq, PAGE);
        if (socket.readyState !== WebSocket.OPEN) return;
        if (page.length === 0) {
          if (this.#busy.get(socket) === true) continue;
          return;
        }
        for (const numbered of page) {
          socket.send(encodeLabelsFrame(numbered.seq, [numbered.label]));
          seq = numbered.seq;
        }
        socket.serializeAttachment({ seq } satisfies Position);
        if (page.length === PAGE) await scheduler.wait(PAGE_PAUSE_MS);
      }
    } finally {
      this.#busy.delete(socket);
    }
  }

  /** Consumers have nothing to say. */
  override async webSocketMessage(): Promise<void> {}

  override async webSocketClose(): Promise<void> {}
}
