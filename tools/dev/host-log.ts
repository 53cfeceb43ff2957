/** The host's log file. The Worker writes one line per request; errors also go to the terminal. */
import { createWriteStream, existsSync, renameSync, statSync } from "node:fs";
import { once } from "node:events";

/** A log larger than this, in bytes, is set aside when the host starts. */
const LARGE = 50_000_000;

export interface LogEntry {
  timestamp: number;
  level: string;
  message: string;
}

export class HostLog {
  readonly #file;

  constructor(path: string) {
    if (existsSync(path) && statSync(path).size > LARGE) renameSync(path, `${path}.1`);
    this.#file = createWriteStream(path, { flags: "a", mode: 0o600 });
  }

  write({ timestamp, level, message }: LogEntry): void {
    // The Worker writes JSON; the runtime's own messages are wrapped, so that programs can read every line.
    const structured = message.startsWith("{");
    const line = structured
      ? message
      : JSON.stringify({ time: new Date(timestamp).toISOString(), level, at: "runtime", message });
    this.#file.write(`${line}\n`);
    if (level === "error") process.stderr.write(`${line}\n`);
  }

  async close(): Promise<void> {
    this.#file.end();
    await once(this.#file, "close");
  }
}
