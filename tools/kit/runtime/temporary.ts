/** Cleans up what must not outlive this process: temporary folders, and the runtimes that use them. */
import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { LaunchError } from "../../dev/ports.ts";

const left = new Set<() => void>();

function cleanUp(): void {
  for (const undo of left) undo();
}

/** Runs `undo` (synchronous) when the process ends, unless the returned function is called first. */
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

const MEMORY = "/dev/shm";
/** A network of thirty accounts takes 10 MB; Docker's default of 64 MB for /dev/shm is soon full. */
const MEMORY_BYTES = 512 << 20;

/**
 * Makes a temporary folder in `parent`; default: in memory, where an fsync is cheapest, or in the system's
 * folder.
 */
export function temporaryFolder(parent = roomInMemory() ?? tmpdir()): TemporaryFolder {
  const folder = makeFolder(parent);
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

function makeFolder(parent: string): string {
  try {
    return mkdtempSync(path.join(parent, "atoll-"));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LaunchError(
      `folder: nothing can be kept in ${parent} (${why}). Choose another, or leave \`folder\` out.`,
    );
  }
}

/**
 * The in-memory folder, or null if there is none with that many bytes free. An fsync takes 0.01 ms there and
 * 1 to 10 ms on a disk, and making an account takes some twenty of them.
 */
export function roomInMemory(bytes = MEMORY_BYTES): string | null {
  if (process.platform !== "linux") return null;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    accessSync(MEMORY, constants.W_OK);
    return bavail * bsize > bytes ? MEMORY : null;
  } catch {
    return null;
  }
}
