/** The app's data in SQLite: entries, and the position on the firehose. */
import { DatabaseSync } from "node:sqlite";
import type { Entry } from "./lexicon.ts";

export interface StoredEntry {
  uri: string;
  guest: string;
  host: string;
  text: string;
  createdAt: string;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entry (
    uri TEXT PRIMARY KEY, guest TEXT NOT NULL, host TEXT NOT NULL, text TEXT NOT NULL, createdAt TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS entry_host ON entry (host, createdAt);
  CREATE TABLE IF NOT EXISTS progress (id INTEGER PRIMARY KEY CHECK (id = 1), cursor INTEGER NOT NULL);`;

export class Store {
  readonly #db: DatabaseSync;

  constructor(file = ":memory:") {
    this.#db = new DatabaseSync(file);
    this.#db.exec(SCHEMA);
  }

  get cursor(): number | undefined {
    const row = this.#db.prepare("SELECT cursor FROM progress").get();
    return row === undefined ? undefined : Number(row.cursor);
  }

  set cursor(seq: number) {
    this.#db.prepare("INSERT OR REPLACE INTO progress (id, cursor) VALUES (1, ?)").run(seq);
  }

  put(uri: string, guest: string, { host, text, createdAt }: Entry): void {
    this.#db
      .prepare("INSERT OR REPLACE INTO entry (uri, guest, host, text, createdAt) VALUES (?, ?, ?, ?, ?)")
      .run(uri, guest, host, text, createdAt);
  }

  remove(uri: string): void {
    this.#db.prepare("DELETE FROM entry WHERE uri = ?").run(uri);
  }

  /** Removes the entries of an account that is deleted or hidden. */
  removeGuest(guest: string): void {
    this.#db.prepare("DELETE FROM entry WHERE guest = ?").run(guest);
  }

  /** Newest first. */
  entriesOf(host: string): StoredEntry[] {
    const rows = this.#db
      .prepare(
        "SELECT uri, guest, host, text, createdAt FROM entry WHERE host = ? ORDER BY createdAt DESC, uri DESC",
      )
      .all(host);
    return rows.map(({ uri, guest, host: of, text, createdAt }) => ({
      uri: String(uri),
      guest: String(guest),
      host: String(of),
      text: String(text),
      createdAt: String(createdAt),
    }));
  }
}
