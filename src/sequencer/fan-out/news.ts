/**
 * New events on their way to the readers. What a frame costs a crowd is the writing to each socket, however
 * little is written; so for a crowd events are gathered for a moment, and go out together.
 */
import type { StreamedEvent } from "../../protocol/events.ts";

/** Bytes that do not wait for more. */
const ENOUGH_BYTES = 250_000;

/** Called with the events after the seq `after`, without a gap. */
type Tell = (after: number, events: readonly StreamedEvent[]) => void;

interface Gathered {
  after: number;
  events: StreamedEvent[];
  bytes: number;
}

export class News {
  readonly #tell: Tell;
  #gathered: Gathered | null = null;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** Tells the events after `after`, within `waitMs`; with 0 at once. */
  add(after: number, events: readonly StreamedEvent[], waitMs: number): void {
    const last = this.#gathered?.events.at(-1)?.seq;
    if (last !== undefined && last !== after) this.#flush();
    if (this.#gathered === null && waitMs > 0) setTimeout(() => this.#flush(), waitMs);
    const gathered = (this.#gathered ??= { after, events: [], bytes: 0 });
    for (const event of events) {
      gathered.events.push(event);
      gathered.bytes += event.frame.length;
    }
    if (waitMs === 0 || gathered.bytes >= ENOUGH_BYTES) this.#flush();
  }

  #flush(): void {
    const gathered = this.#gathered;
    if (gathered === null) return;
    this.#gathered = null;
    this.#tell(gathered.after, gathered.events);
  }
}
