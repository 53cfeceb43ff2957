/** The host's own files in DIRECTORY, where there is no bucket: few and small, such as its logo. */
import { type FileBody, type StoredFile, fileBody } from "../../protocol/object/files.ts";

interface Row {
  key: string;
  at: number;
  bytes: number[];
}

export class HostFiles {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  async get(key: string): Promise<FileBody | null> {
    const row = await this.#database
      .prepare("SELECT key, at, bytes FROM host_file WHERE key = ?1")
      .bind(key)
      .first<Row>();
    if (row === null) return null;
    const bytes = Uint8Array.from(row.bytes);
    return fileBody({ key, size: bytes.length, uploaded: new Date(row.at) }, new Blob([bytes]).stream());
  }

  async put(key: string, value: string | Uint8Array<ArrayBuffer>): Promise<void> {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    await this.#database
      .prepare("INSERT OR REPLACE INTO host_file (key, at, bytes) VALUES (?1, ?2, ?3)")
      .bind(key, Date.now(), bytes)
      .run();
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await this.#database
      .prepare("DELETE FROM host_file WHERE key IN (SELECT value FROM json_each(?1))")
      .bind(JSON.stringify(keys))
      .run();
  }

  async list(prefix: string): Promise<StoredFile[]> {
    const { results } = await this.#database
      .prepare(
        "SELECT key, at, length(bytes) AS size FROM host_file WHERE key >= ?1 AND key < ?1 || x'f4' ORDER BY key",
      )
      .bind(prefix)
      .all<{ key: string; at: number; size: number }>();
    return results.map(({ at, ...file }) => ({ ...file, uploaded: new Date(at) }));
  }
}
