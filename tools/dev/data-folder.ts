/** The folder that holds a host's data: one host at a time, and no other user may read it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LaunchError } from "./ports.ts";

export class DataFolder {
  readonly path: string;
  readonly #lock: DatabaseSync;

  /** Creates the folder if it is missing, and claims it. Refuses a folder that a running host holds. */
  constructor(folder: string) {
    this.path = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#lock = claim(folder);
  }

  /** A small file of a folder that another process may hold; null if there is none. */
  static peek(folder: string, name: string): string | null {
    const file = path.join(folder, name);
    return existsSync(file) ? readFileSync(file, "utf8").trim() : null;
  }

  file(name: string): string {
    return path.join(this.path, name);
  }

  /** The text of a small file, trimmed; null if there is none. */
  read(name: string): string | null {
    return DataFolder.peek(this.path, name);
  }

  /** Readable by this user alone. */
  write(name: string, text: string): void {
    writeFileSync(this.file(name), `${text}\n`, { mode: 0o600 });
  }

  release(): void {
    this.#lock.close();
  }
}

/**
 * Holds a lock that the system releases with the process, however it ends: SQLite's on an empty database. A
 * process id in a file outlives `kill -9`, and in a container it soon belongs to another process.
 */
function claim(folder: string): DatabaseSync {
  const lock = new DatabaseSync(path.join(folder, "host.lock"), { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch {
    lock.close();
    throw new LaunchError(
      `A host is already running on ${folder}. Stop it, or set DATA_DIR to another folder.`,
    );
  }
}
