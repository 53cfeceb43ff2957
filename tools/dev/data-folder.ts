/** The folder that holds a host's data: one host at a time, and no other user may read it. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { LaunchError } from "./ports.ts";

export class DataFolder {
  readonly path: string;
  readonly #lock: string;

  /** Creates the folder if it is missing, and claims it. Refuses a folder that a running host holds. */
  constructor(folder: string) {
    this.path = folder;
    this.#lock = path.join(folder, "host.pid");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const holder = Number(this.read("host.pid") ?? 0);
    if (holder !== process.pid && isAlive(holder)) {
      throw new LaunchError(
        `A host is already running on ${folder} (process ${holder}). Stop it, or set DATA_DIR to another folder.`,
      );
    }
    this.write("host.pid", String(process.pid));
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
    rmSync(this.#lock, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}
