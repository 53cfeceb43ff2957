/** The host's log file: one line a request, as the Worker writes them; what went wrong also goes to the terminal. */
import { createWriteStream, existsSync, renameSync, statSync } from "node:fs";
import { once } from "node:events";

/** Past this size, a log is set aside when the host starts. */
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
    // The Worker writes JSON; the runtime's own messages are wrapped, so that every line can be read by a program.
    const structured = message.startsWith("{");
    const line = structured
      ? message
      : JSON.stringify({ time: new Date(timestamp).toISOString(), level, message });
    this.#file.write(`${line}\n`);
    if (level === "error") process.stderr.write(`${line}\n`);
  }

  async close(): Promise<void> {
    this.#file.end();
    await once(this.#file, "close");
  }
}
