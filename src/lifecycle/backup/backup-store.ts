/** A store for a backup's files. */

/** A stream of known length. */
export interface Streamed {
  stream: ReadableStream<Uint8Array>;
  size: number;
}

export interface Listed {
  key: string;
  size: number;
}

/** Files by key, within the backup's prefix. What is asked of it is either done or thrown. */
export interface BackupStore {
  put(key: string, body: Uint8Array | Streamed): Promise<void>;
  /** Null: there is none. */
  get(key: string): Promise<Streamed | null>;
  /** Files whose key begins with `prefix`, after `after`, in order of the key's bytes; `isAll` false: there may be more. */
  list(prefix: string, after: string): Promise<{ files: Listed[]; isAll: boolean }>;
  delete(keys: readonly string[]): Promise<void>;
}
