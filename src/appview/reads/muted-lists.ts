/**
 * The lists that a viewer mutes, by URI: few, read once per request, and needed before relations are
 * complete.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { type MutedListRow, selectMutedLists } from "./queries/private.ts";
import { Script } from "./script.ts";

export class MutedLists {
  readonly #directory: D1Database;
  readonly #viewer: Did | null;
  #lists: Promise<ResourceUri[]> | null = null;

  constructor(directory: D1Database, viewer: Did | null) {
    this.#directory = directory;
    this.#viewer = viewer;
    if (viewer === null) this.#lists = Promise.resolve([]);
  }

  /**
   * Reads the lists in a trip of its own, unless they were asked for already. For reads that go to the index
   * more than once before `complete`.
   */
  async read(): Promise<ResourceUri[]> {
    if (this.#lists === null) {
      const script = new Script();
      this.readWith(script);
      await script.run(this.#directory);
    }
    return (await this.#lists) ?? [];
  }

  /** Adds the lists to a trip to the directory, unless they were asked for already. */
  readWith(script: Script): void {
    const viewer = this.#viewer;
    if (this.#lists !== null || viewer === null) return;
    this.#lists = new Promise((resolve) => {
      script.add<MutedListRow>(true, selectMutedLists(this.#directory, viewer), (rows) =>
        resolve(rows.map(({ list_uri }) => list_uri)),
      );
    });
  }

  /** The lists found or on their way; null before the first request for them. */
  get asked(): Promise<ResourceUri[]> | null {
    return this.#lists;
  }
}
