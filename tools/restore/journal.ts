/** Which accounts a restore has begun, on this machine: one that was cut is done again, not taken for the host's own. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";

export class Journal {
  readonly #file: string;
  readonly #begun: Set<string>;

  /** @param folder made if it is missing */
  constructor(folder: string, run: string, origin: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#file = path.join(folder, `${run}-${new URL(origin).host.replace(":", "-")}.txt`);
    const lines = existsSync(this.#file) ? readFileSync(this.#file, "utf8").split("\n") : [];
    this.#begun = new Set(lines.filter((line) => line !== ""));
  }

  has(did: string): boolean {
    return this.#begun.has(did);
  }

  begin(did: string): void {
    if (this.has(did)) return;
    this.#begun.add(did);
    appendFileSync(this.#file, `${did}\n`);
  }
}
