/** What must not outlive this process: folders, and the runtimes that use them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const left = new Set<() => void>();

function cleanUp(): void {
  for (const undo of left) undo();
}

/** Runs `undo` (synchronous) when the process ends, unless what this returns is called before. */
export function atExit(undo: () => void): () => void {
  if (left.size === 0) process.on("exit", cleanUp);
  left.add(undo);
  return () => {
    left.delete(undo);
    if (left.size === 0) process.off("exit", cleanUp);
  };
}

export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

export function temporaryFolder(): TemporaryFolder {
  const folder = mkdtempSync(path.join(tmpdir(), "atoll-"));
  const undo = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  const forget = atExit(undo);
  return {
    path: folder,
    remove() {
      undo();
      forget();
    },
  };
}
