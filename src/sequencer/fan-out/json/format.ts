/** The messages that one choice of options lets through. */
import { cidOfRaw } from "../../../protocol/cid.ts";
import type { Told } from "../told.ts";
import type { Format } from "../format.ts";
import type { Entry } from "./entries.ts";
import type { JsonOptions } from "./options.ts";

export class JsonFormat implements Format {
  readonly kind = "json";
  readonly key: string;
  readonly #paths: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  readonly #dids: ReadonlySet<string>;
  readonly #maxBytes: number;
  readonly #afterUs: number;

  /** @param afterUs the cursor of a reader that has not passed it yet; entries up to it are left out */
  constructor(options: JsonOptions, afterUs = 0) {
    const { collections, dids, maxBytes } = options;
    const isPrefix = (pattern: string) => pattern.endsWith(".*");
    // Short, however many names there are: the key is compared for each reader and batch.
    const all = JSON.stringify([collections, dids, maxBytes, afterUs]);
    this.key = cidOfRaw(new TextEncoder().encode(all));
    this.#paths = new Set(collections.filter((pattern) => !isPrefix(pattern)));
    this.#prefixes = collections.filter(isPrefix).map((pattern) => pattern.slice(0, -1));
    this.#dids = new Set(dids);
    this.#maxBytes = maxBytes;
    this.#afterUs = afterUs;
  }

  messages(told: Told): string[] {
    const wanted = told.entries.filter((entry) => this.#wants(entry)).map((entry) => entry.text());
    return wanted.filter((text) => text !== null).filter((text) => this.#isShort(text));
  }

  #wants({ did, collection, us }: Entry): boolean {
    if (us <= this.#afterUs || (this.#dids.size > 0 && !this.#dids.has(did))) return false;
    if (collection === null || (this.#paths.size === 0 && this.#prefixes.length === 0)) return true;
    return this.#paths.has(collection) || this.#prefixes.some((prefix) => collection.startsWith(prefix));
  }

  /** A text has at most three bytes for each UTF-16 unit. */
  #isShort(text: string): boolean {
    if (this.#maxBytes === 0) return true;
    if (text.length > this.#maxBytes) return false;
    return text.length * 3 <= this.#maxBytes || new TextEncoder().encode(text).length <= this.#maxBytes;
  }

  /** The JSON stream has no error messages. */
  error(): null {
    return null;
  }
}
