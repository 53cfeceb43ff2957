/**
 * The sockets of com.atproto.label.subscribeLabels, in one object per host. The labels themselves are in the
 * directory, so this object stores nothing. A socket carries its own position, and the object sleeps when all
 * sockets are up to date. The whole history is replayed, because a labeler's consumers need every label ever
 * issued.
 */
import { DurableObject } from "cloudflare:workers";
import { encodeLabelsFrame } from "../protocol/label.ts";
import { isCount, isJson } from "../protocol/json.ts";
import { SUBSCRIBER_HEADER } from "../protocol/stations.ts";
import type { Bindings, LabelsStation } from "../protocol/stations.ts";
import {
  answerClose,
  attachmentOf,
  refuseSubscription,
  restartSocket,
} from "../protocol/object/web-socket.ts";
import { ModerationLabels } from "./labels.ts";

/** Labels read per page. */
const PAGE = 500;
/**
 * Pause between two pages to one socket. It limits a socket to about 3 MB a second, because the platform
 * gives no backpressure.
 */
const PAGE_PAUSE_MS = 50;
const SOCKETS_MAX = 200;
/** Most sockets of one address, so that nobody takes every place. */
const SOCKETS_OF_ONE = 20;

interface Position {
  seq: number;
}

/** Null for what another version of this code attached. */
function positionOf(socket: WebSocket): number | null {
  const attached = attachmentOf(socket);
  const seq = isJson(attached) ? attached["seq"] : null;
  return isCount(seq) ? seq : null;
}

export class LabelsObject extends DurableObject<Pick<Bindings, "DIRECTORY">> implements LabelsStation {
  /**
   * Sockets being updated, so that no two updates of one socket overlap. True: check once more for new
   * labels.
   */
  readonly #busy = new Map<WebSocket, boolean>();

  override async fetch(request: Request): Promise<Response> {
    const given = new URL(request.url).searchParams.get("cursor");
    if (given !== null && !/^\d{1,15}$/.test(given)) {
      return refuseSubscription("InvalidRequest", "cursor must be an integer");
    }
    const labels = new ModerationLabels(this.env.DIRECTORY);
    const head = await labels.head();
    const seq = given === null ? head : Number(given);
    // A host without labels has no future: cursors are of its earlier life.
    if (head > 0 && seq > head) return refuseSubscription("FutureCursor", "Cursor in the future.");
    if (this.#open().length >= SOCKETS_MAX) return new Response(null, { status: 503 });
    const subscriber = request.headers.get(SUBSCRIBER_HEADER) ?? "";
    if (subscriber !== "" && this.#open(subscriber).length >= SOCKETS_OF_ONE) {
      return new Response(null, { status: 429 });
    }
    const { 0: client, 1: socket } = new WebSocketPair();
    this.ctx.acceptWebSocket(socket, subscriber === "" ? [] : [subscriber]);
    socket.serializeAttachment({ seq: Math.min(seq, head) } satisfies Position);
    this.ctx.waitUntil(this.#update(socket, labels));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** The open sockets, of one address or of all. */
  #open(subscriber?: string): WebSocket[] {
    return this.ctx.getWebSockets(subscriber).filter(({ readyState }) => readyState === WebSocket.OPEN);
  }

  /** Sends new labels to all sockets. */
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
        let seq = positionOf(socket);
        if (seq === null) return restartSocket(socket);
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

  /** Ignores messages; the protocol defines none from consumers. */
  override async webSocketMessage(): Promise<void> {}

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    answerClose(socket, code, reason);
  }
}
