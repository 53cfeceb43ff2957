/** The lists that a viewer mutes, by URI: few, read once in a request, and needed before relations are complete. */
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

  /** A trip of its own, where nobody has asked yet: for reads that go to the index more than once before `complete`. */
  async read(): Promise<ResourceUri[]> {
    if (this.#lists === null) {
      const script = new Script();
      this.readWith(script);
      await script.run(this.#directory);
    }
    return (await this.#lists) ?? [];
  }

  /** As part of a trip to the directory, where nobody has asked yet. */
  readWith(script: Script): void {
    const viewer = this.#viewer;
    if (this.#lists !== null || viewer === null) return;
    this.#lists = new Promise((resolve) => {
      script.add<MutedListRow>(true, selectMutedLists(this.#directory, viewer), (rows) =>
        resolve(rows.map(({ list_uri }) => list_uri)),
      );
    });
  }

  /** What was found, or is on its way; null where nobody has asked. */
  get asked(): Promise<ResourceUri[]> | null {
    return this.#lists;
  }
}
