/** Takes a newer version into the clone. What was changed here, such as wrangler.toml, stays. */
import { execFileSync } from "node:child_process";
import { LaunchError } from "../ports.ts";
import type { Clone } from "./git.ts";
import type { Newer } from "./survey.ts";

/** Throws a `LaunchError`, with everything as it was, if both changed the same lines. */
export function apply(clone: Clone, { name, commit }: Newer): void {
  const here = clone.must("The clone has no commit yet.", "rev-parse", "HEAD");
  const changed = clone.lines("stash", "create")[0];
  if (changed !== undefined)
    clone.must("What is changed here could not be put aside.", "reset", "--hard", "--quiet");
  const undo = () => {
    clone.ask("merge", "--abort");
    clone.ask("reset", "--hard", "--quiet", here);
    if (changed !== undefined) clone.ask("stash", "apply", "--quiet", changed);
  };
  if (clone.ask("merge", "--quiet", "--no-edit", commit) === null) {
    undo();
    throw new LaunchError(
      `Commits of yours change the same lines as ${name}. Nothing was changed: merge it by hand.`,
    );
  }
  if (changed !== undefined && clone.ask("stash", "apply", "--quiet", changed) === null) {
    undo();
    throw new LaunchError(
      `Files that you changed are changed in ${name}, too. Nothing was changed: commit yours (git commit -am "ours"), and merge it by hand.`,
    );
  }
}

export const install = (folder: string): void =>
  void execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder, stdio: "inherit" });
