/**
 * A reader at the end of a pipe. What it has not taken is known to the byte, so it is never sent much more: a
 * reader that is slow falls behind and is served from the window, at its own pace. Only one that takes nothing
 * at all is cut.
 */
import type { Parcel } from "../batch.ts";
import type { Message } from "../format.ts";
import type { Outlet } from "../outlet.ts";
import type { Pipe } from "./pipe.ts";

/** Unread bytes from which a reader falls behind, and from which its replay waits. */
const NEWS_BYTES = 1_000_000;
const PAGE_BYTES = 256_000;

export class PipeOutlet implements Outlet {
  readonly #pipe: Pipe;
  readonly #patience: () => number;
  #unread = 0;
  /** When the reader last took something, or had nothing to take. */
  #progress = 0;

  /** @param patience milliseconds after which a reader that takes nothing is cut */
  constructor(pipe: Pipe, patience: () => number) {
    this.#pipe = pipe;
    this.#patience = patience;
  }

  unread(): number {
    return this.#unread;
  }

  takesNews(): boolean {
    return this.#unread < NEWS_BYTES;
  }

  takesPage(): boolean {
    return this.#unread < PAGE_BYTES;
  }

  isStuck(now: number): boolean {
    return this.#unread > 0 && now - this.#progress > this.#patience();
  }

  send({ framed }: Parcel, now: number): void {
    // The bytes may be freed before they have left.
    const { length } = framed;
    if (this.#unread === 0) this.#progress = now;
    this.#unread += length;
    this.#pipe.write(framed).then(
      () => {
        this.#unread -= length;
        this.#progress = Date.now();
      },
      () => {
        // The reader is gone, as its pipe's messages tell.
      },
    );
  }

  end(code: number, reason: string, last: Message | null): void {
    this.#pipe.end(code, reason, last);
  }
}
