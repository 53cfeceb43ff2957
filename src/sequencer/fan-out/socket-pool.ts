/**
 * The hibernating sockets of one object, with the memory that they may hold between them. Nothing tells what
 * became of a sent message (see `pace.ts`), and a socket that was closed and has not answered may hold its
 * bytes still.
 */
import type { Parcel } from "./batch.ts";
import type { Message } from "./format.ts";
import type { Outlet } from "./outlet.ts";
import type { SocketLimits } from "./pace.ts";
import { allowance, Bucket, Debt } from "./pace.ts";

/** A replay continues when its bucket holds this: small sends cost more in bookkeeping than in bytes. */
const QUANTUM = 65_536;
/** Bytes of debt from which a connection counts among those that share the pool. */
const INDEBTED = 262_144;

/** A socket that was told to close and has not answered. */
interface Parting {
  bytes: number;
  since: number;
}

export class SocketPool {
  readonly limits: () => SocketLimits;
  readonly #restart: () => void;
  readonly #rate: Bucket;
  readonly #outlets = new Map<WebSocket, SocketOutlet>();
  readonly #parting = new Map<WebSocket, Parting>();

  /**
   * @param restart called when sockets that were closed, and do not read, hold more than the pool. Closing them
   * freed nothing: only a restart of the object drops their connections, and with them all others, which come
   * back with their cursors, as after a deploy.
   */
  constructor(limits: () => SocketLimits, restart: () => void) {
    this.limits = limits;
    this.#restart = restart;
    const { totalRate, burst } = limits();
    this.#rate = new Bucket(totalRate, Math.max(burst, totalRate / 20), Date.now());
  }

  take(socket: WebSocket): Outlet {
    const outlet = new SocketOutlet(socket, this);
    this.#outlets.set(socket, outlet);
    return outlet;
  }

  /** Must be called when a socket is closed on both sides, or broken. Whatever was held for it is free. */
  closed(socket: WebSocket): void {
    this.#outlets.delete(socket);
    this.#parting.delete(socket);
  }

  /** The socket closes now, with so many bytes that may be unread. */
  parts(socket: WebSocket, bytes: number): void {
    this.#outlets.delete(socket);
    this.#parting.set(socket, { bytes, since: Date.now() });
    setTimeout(() => {
      if (this.#isClogged()) this.#restart();
    }, this.limits().patience);
  }

  /** The bytes that all sockets together are sent. */
  get rate(): Bucket {
    return this.#rate;
  }

  /** The most that one socket may hold. */
  share(now: number): number {
    let indebted = 0;
    for (const outlet of this.#outlets.values()) if (outlet.unread(now) >= INDEBTED) indebted++;
    let parting = 0;
    for (const { bytes } of this.#parting.values()) parting += bytes;
    return allowance(this.limits(), indebted, parting);
  }

  #isClogged(): boolean {
    const { patience, debtPool } = this.limits();
    const now = Date.now();
    let stuck = 0;
    for (const { bytes, since } of this.#parting.values()) if (now - since >= patience) stuck += bytes;
    return stuck > debtPool;
  }
}

class SocketOutlet implements Outlet {
  readonly #socket: WebSocket;
  readonly #pool: SocketPool;
  readonly #rate: Bucket;
  readonly #debt: Debt;

  constructor(socket: WebSocket, pool: SocketPool) {
    const { socketRate, burst, drainRate } = pool.limits();
    const now = Date.now();
    this.#socket = socket;
    this.#pool = pool;
    this.#rate = new Bucket(socketRate, Math.max(burst, QUANTUM), now);
    this.#debt = new Debt(drainRate, now);
  }

  unread(now: number): number {
    return this.#debt.at(now);
  }

  takesNews(): boolean {
    return true;
  }

  takesPage(now: number): boolean {
    return this.#rate.level(now) >= QUANTUM && this.#pool.rate.level(now) > 0;
  }

  isStuck(now: number): boolean {
    const unread = this.unread(now);
    return unread > this.#pool.limits().debtFloor && unread > this.#pool.share(now);
  }

  send({ messages, bytes }: Parcel, now: number): void {
    this.#rate.take(bytes);
    this.#pool.rate.take(bytes);
    this.#debt.add(bytes, now);
    for (const message of messages) this.#trySend(message);
  }

  #trySend(message: Message): void {
    try {
      this.#socket.send(message);
    } catch {
      // The socket closed, and its close event is on the way.
    }
  }

  end(code: number, reason: string, last: Message | null): void {
    if (last !== null) this.#trySend(last);
    this.#pool.parts(this.#socket, this.unread(Date.now()));
    this.#socket.close(code, reason);
  }
}
