/**
 * The lists that a viewer mutes, by URI: few, read once per request, and needed before relations are
 * complete.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { type MutedListRow, selectMutedLists } from "./queries/private.ts";
import { type Script, rowsOf } from "./script.ts";

const urisOf = (rows: readonly MutedListRow[]): ResourceUri[] => rows.map(({ list_uri }) => list_uri);

export class MutedLists {
  readonly #directory: D1Database;
  readonly #viewer: Did | null;
  #lists: Promise<ResourceUri[]> | null = null;

  constructor(directory: D1Database, viewer: Did | null) {
    this.#directory = directory;
    this.#viewer = viewer;
    if (viewer === null) this.know([]);
  }

  /**
   * Reads the lists in a trip of its own, unless they were asked for already. For reads that go to the index
   * more than once before `complete`.
   */
  read(): Promise<ResourceUri[]> {
    if (this.#lists !== null) return this.#lists;
    if (this.#viewer === null) return Promise.resolve([]);
    const rows = rowsOf<MutedListRow>(this.#directory, selectMutedLists(this.#directory, this.#viewer));
    return (this.#lists = rows.then(urisOf));
  }

  /** Takes the lists from a read that learns them anyway. */
  know(lists: ResourceUri[]): void {
    this.#lists ??= Promise.resolve(lists);
  }

  /** Adds the lists to a trip to the directory, unless they were asked for already. */
  readWith(script: Script): void {
    const viewer = this.#viewer;
    if (this.#lists !== null || viewer === null) return;
    const { promise, resolve, reject } = Promise.withResolvers<ResourceUri[]>();
    // Whoever makes the trip learns that it failed.
    promise.catch(() => undefined);
    this.#lists = promise;
    script.add<MutedListRow>(
      true,
      selectMutedLists(this.#directory, viewer),
      (rows) => resolve(urisOf(rows)),
      reject,
    );
  }

  /** The lists found or on their way; null before the first request for them. */
  get asked(): Promise<ResourceUri[]> | null {
    return this.#lists;
  }
}
