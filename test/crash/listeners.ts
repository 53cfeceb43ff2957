/**
 * Listeners of both streams during the kills. Some stay, and go on with their cursor after each lost
 * connection; others begin at the window's start again and again, so that kills hit replays.
 */
import { createHash } from "node:crypto";
import { decode, decodeFirst } from "@atcute/cbor";

/** What a stream told, in order: each message's place on the stream, and its hash. */
export interface Heard {
  /** The seq of a frame, or the time of a JSON entry. */
  at: number;
  did: string;
  hash: string;
}

export type Stream = "repos" | "json";

const PATHS: Record<Stream, string> = { repos: "/xrpc/com.atproto.sync.subscribeRepos", json: "/subscribe" };
/** Milliseconds before a lost connection is made anew. */
const PAUSE = 10;

/** Null for a message about no account. */
function placeOf(data: Uint8Array | string): Pick<Heard, "at" | "did"> | null {
  if (typeof data === "string") {
    const { time_us: at, did } = JSON.parse(data) as { time_us: number; did: string };
    return { at, did };
  }
  const [header, rest] = decodeFirst(data) as [{ op: number; t?: string }, Uint8Array];
  if (header.op !== 1) throw new Error(`the firehose ended with ${JSON.stringify(decode(rest))}`);
  if (header.t === "#info") return null;
  const { seq: at, did, repo = "" } = decode(rest) as { seq: number; did?: string; repo?: string };
  return { at, did: did ?? repo };
}

export class Listener {
  readonly stream: Stream;
  readonly heard: Heard[] = [];
  /** Messages that came again or out of order, or could not be read. */
  readonly faults: string[] = [];
  connections = 0;
  readonly #url: string;
  #socket: WebSocket | null = null;
  #stopped = false;

  constructor(origin: string, stream: Stream) {
    this.stream = stream;
    this.#url = origin.replace(/^http/, "ws") + PATHS[stream];
    this.#connect();
  }

  #connect(): void {
    if (this.#stopped) return;
    this.connections += 1;
    const socket = new WebSocket(`${this.#url}?cursor=${this.heard.at(-1)?.at ?? 0}`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.addEventListener("message", ({ data }: { data: ArrayBuffer | string }) => {
      if (socket === this.#socket) this.#take(typeof data === "string" ? data : new Uint8Array(data));
    });
    const lost = () => {
      if (socket !== this.#socket) return;
      this.#socket = null;
      setTimeout(() => this.#connect(), PAUSE);
    };
    socket.addEventListener("close", lost);
    socket.addEventListener("error", lost);
  }

  #take(data: Uint8Array | string): void {
    try {
      const place = placeOf(data);
      if (place === null) return;
      const { at, did } = place;
      const last = this.heard.at(-1)?.at ?? 0;
      if (at <= last) this.faults.push(`${this.stream}: ${at} after ${last}`);
      this.heard.push({ at, did, hash: createHash("sha256").update(data).digest("base64") });
    } catch (thrown) {
      this.faults.push(`${this.stream}: ${String(thrown)}`);
    }
  }

  /** Resolves once nothing has come for `ms`. */
  async quiet(ms: number): Promise<void> {
    for (let before = -1; before !== this.heard.length || this.#socket === null;) {
      before = this.heard.length;
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.close();
  }
}

/** Listeners of both streams that begin anew for ever. */
export class Replayers {
  readonly done: Listener[] = [];
  readonly #origin: string;
  #current: Listener[] = [];
  #timer: NodeJS.Timeout;

  constructor(origin: string) {
    this.#origin = origin;
    this.#begin();
    this.#timer = setInterval(() => this.#begin(), 700);
  }

  #begin(): void {
    for (const listener of this.#current) listener.stop();
    this.done.push(...this.#current);
    this.#current = (["repos", "json"] as const).map((stream) => new Listener(this.#origin, stream));
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const listener of this.#current) listener.stop();
    this.done.push(...this.#current);
    this.#current = [];
  }
}

/**
 * What listeners heard otherwise than those that listened afterwards, who heard the whole window. A listener
 * that was stopped early has heard its beginning. An account that is `gone` has left the window, so what was
 * heard of it before does not count.
 */
export function listeningFaults(
  listeners: readonly Listener[],
  whole: Record<Stream, Heard[]>,
  gone: ReadonlySet<string>,
): string[] {
  const stays = ({ did }: Heard) => !gone.has(did);
  const right = { repos: whole.repos.filter(stays), json: whole.json.filter(stays) };
  return listeners.flatMap(({ stream, heard, faults }) => {
    const found = [...faults];
    for (const [index, { at, hash }] of heard.filter(stays).entries()) {
      const there = right[stream][index];
      if (there?.at === at && there.hash === hash) continue;
      found.push(`${stream}: message ${index} is ${at}, not ${there?.at ?? "missing"}, or has other bytes`);
      break;
    }
    return found;
  });
}
