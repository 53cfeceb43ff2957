/**
 * Pages of the window for replays, fetched from the sequencer one at a time. Replays of one place share theirs.
 * A page that is kept no longer is freed at once: a replay is gigabytes of pages.
 */
import type { SequencerStation, WindowEdges } from "../../protocol/stations.ts";
import { Batch } from "./batch.ts";

export interface Page extends WindowEdges {
  batch: Batch;
}

/** Pages kept, about half a megabyte each. */
const KEPT = 8;

export class Pages {
  readonly #sequencer: () => SequencerStation;
  /** By the seq that they follow, the one used last at the end. */
  readonly #kept = new Map<number, Page>();
  /** The newest deletion that the pages are free of. */
  #forgot = 0;

  constructor(sequencer: () => SequencerStation) {
    this.#sequencer = sequencer;
  }

  /** Drops all pages after a deletion: they may hold events of the account, which nobody is sent any more. */
  heed({ forgot }: WindowEdges): void {
    if (forgot === this.#forgot) return;
    this.#forgot = forgot;
    this.clear();
  }

  /** Frees all pages. */
  clear(): void {
    for (const seq of this.#kept.keys()) this.#drop(seq);
  }

  /** Calls `use` with the events after `seq`, or the first of them. It may not keep them. */
  async after(seq: number, use: (page: Page) => void): Promise<void> {
    const kept = this.#kept.get(seq);
    if (kept !== undefined && kept.batch.last > seq) {
      // Moves it to the end.
      this.#kept.delete(seq);
      this.#kept.set(seq, kept);
      return use(kept);
    }
    const { events, last, ...edges } = await this.#sequencer().page(seq);
    this.heed(edges);
    this.#drop(seq);
    const page = { batch: new Batch(events, last), ...edges };
    this.#kept.set(seq, page);
    use(page);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) return;
      this.#drop(oldest);
    }
  }

  #drop(seq: number): void {
    this.#kept.get(seq)?.batch.free();
    this.#kept.delete(seq);
  }
}
