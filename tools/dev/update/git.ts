/** The clone that a host is deployed from, as git knows it. */
import { execFileSync } from "node:child_process";
import { LaunchError } from "../ports.ts";

export class Clone {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Null if git fails at it. */
  ask(...args: string[]): string | null {
    try {
      const stdio = ["ignore", "pipe", "pipe"] as const;
      return execFileSync("git", args, { cwd: this.#folder, encoding: "utf8", stdio: [...stdio] }).trimEnd();
    } catch {
      return null;
    }
  }

  /** Throws a `LaunchError` with these words if git fails at it. */
  must(words: string, ...args: string[]): string {
    const answer = this.ask(...args);
    if (answer === null) throw new LaunchError(words);
    return answer;
  }

  lines(...args: string[]): string[] {
    return (this.ask(...args) ?? "").split("\n").filter((line) => line !== "");
  }

  /** A file as of a commit; empty if there was none. */
  fileAt(commit: string, file: string): string {
    return this.ask("show", `${commit}:${file}`) ?? "";
  }
}
