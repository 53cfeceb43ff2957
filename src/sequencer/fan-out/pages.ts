/** Pages of the window for replays, fetched from the sequencer one at a time. Replays of one place share theirs. */
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
    this.#kept.clear();
  }

  /** The events after `seq`, or the first of them. */
  async after(seq: number): Promise<Page> {
    const kept = this.#kept.get(seq);
    if (kept !== undefined && kept.batch.last > seq) {
      this.#keep(seq, kept);
      return kept;
    }
    const { events, last, ...edges } = await this.#sequencer().page(seq);
    this.heed(edges);
    const page = { batch: new Batch(events, last), ...edges };
    this.#keep(seq, page);
    return page;
  }

  #keep(seq: number, page: Page): void {
    this.#kept.delete(seq);
    this.#kept.set(seq, page);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) return;
      this.#kept.delete(oldest);
    }
  }
}
