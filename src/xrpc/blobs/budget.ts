/** Bytes that this isolate lends to its requests, which all share one memory. */
export class Budget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Lends `bytes`. @returns what gives them back, or null if there are not enough left. */
  borrow(bytes: number): (() => void) | null {
    if (bytes > this.#left) return null;
    this.#left -= bytes;
    let lent = bytes;
    return () => {
      this.#left += lent;
      lent = 0;
    };
  }
}
