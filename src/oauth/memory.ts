/**
 * A cache in the isolate's memory. It holds values only, never promises, which belong to the request that
 * made them.
 */

export class Memory<Value> {
  readonly #kept = new Map<string, { value: Value; until: number }>();
  readonly #max: number;
  readonly #ms: number;

  constructor(max: number, ms: number) {
    this.#max = max;
    this.#ms = ms;
  }

  get(key: string): Value | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined || kept.until < Date.now()) return undefined;
    return kept.value;
  }

  set(key: string, value: Value): void {
    this.#kept.delete(key);
    this.#kept.set(key, { value, until: Date.now() + this.#ms });
    if (this.#kept.size <= this.#max) return;
    const oldest = this.#kept.keys().next();
    if (!oldest.done) this.#kept.delete(oldest.value);
  }

  del(key: string): void {
    this.#kept.delete(key);
  }
}
