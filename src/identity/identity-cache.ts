/**
 * Caches identities resolved from outside in D1, shared by all isolates, with a small cache in memory in
 * front.
 */
import type { Did } from "@atcute/lexicons";
import { eq } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { didCache, handleCache } from "../../schema/directory.ts";
import type { DidDocument } from "./did-document.ts";

const MINUTE = 60_000;

/**
 * Ages up to which an entry is used: `fresh` without asking its source, `last` while its source cannot be
 * reached.
 */
export const DOCUMENT_AGE = { fresh: 60 * MINUTE, last: 24 * 60 * MINUTE };
export const HANDLE_AGE = { fresh: 10 * MINUTE, last: 60 * MINUTE };

/** Memory may lag behind D1 by this much, because other isolates refresh documents too. */
const MEMORY_AGE = MINUTE;
const MEMORY_ENTRIES = 1_000;

export interface Cached<Value> {
  value: Value;
  /** Milliseconds of the Unix epoch. */
  fetchedAt: number;
}

interface Remembered {
  cached: Cached<unknown>;
  readAt: number;
}

/**
 * The memory of this isolate, by database. It holds plain data only, so any request may use what another one
 * fetched.
 */
const memories = new WeakMap<D1Database, Map<string, Remembered>>();

export class IdentityCache {
  readonly #db: DrizzleD1Database;
  readonly #memory: Map<string, Remembered>;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number) {
    this.#db = drizzle(database);
    this.#clock = clock;
    this.#memory = memories.get(database) ?? new Map<string, Remembered>();
    memories.set(database, this.#memory);
  }

  async document(did: Did): Promise<Cached<DidDocument> | null> {
    const remembered = this.#recall<DidDocument>(did);
    if (remembered) return remembered;
    const row = await this.#db.select().from(didCache).where(eq(didCache.did, did)).get();
    if (!row) return null;
    return this.#remember(did, {
      value: JSON.parse(row.document) as DidDocument,
      fetchedAt: row.fetchedAt,
    });
  }

  /** Null removes the entry: the DID is gone. */
  async setDocument(did: Did, document: DidDocument | null): Promise<void> {
    if (document === null) {
      this.#memory.delete(did);
      await this.#db.delete(didCache).where(eq(didCache.did, did));
      return;
    }
    const fetchedAt = this.#clock();
    this.#remember(did, { value: document, fetchedAt });
    const row = { document: JSON.stringify(document), fetchedAt };
    await this.#db
      .insert(didCache)
      .values({ did, ...row })
      .onConflictDoUpdate({ target: didCache.did, set: row });
  }

  /**
   * Caches a newly made document in memory only. This isolate knows it at once; another one resolves it from
   * its source.
   */
  remember(did: Did, document: DidDocument): void {
    this.#remember(did, { value: document, fetchedAt: this.#clock() });
  }

  async handle(handle: string): Promise<Cached<Did> | null> {
    const remembered = this.#recall<Did>(handle);
    if (remembered) return remembered;
    const row = await this.#db.select().from(handleCache).where(eq(handleCache.handle, handle)).get();
    if (!row) return null;
    return this.#remember(handle, { value: row.did as Did, fetchedAt: row.fetchedAt });
  }

  /** Null removes the entry: the handle resolves to nothing. */
  async setHandle(handle: string, did: Did | null): Promise<void> {
    if (did === null) {
      this.#memory.delete(handle);
      await this.#db.delete(handleCache).where(eq(handleCache.handle, handle));
      return;
    }
    const row = { did, fetchedAt: this.#clock() };
    this.#remember(handle, { value: did, fetchedAt: row.fetchedAt });
    await this.#db
      .insert(handleCache)
      .values({ handle, ...row })
      .onConflictDoUpdate({ target: handleCache.handle, set: row });
  }

  /** The cast is safe, because the key determines the type: DIDs have documents, handles have DIDs. */
  #recall<Value>(key: string): Cached<Value> | null {
    const found = this.#memory.get(key);
    if (!found || this.#clock() - found.readAt > MEMORY_AGE) return null;
    return found.cached as Cached<Value>;
  }

  #remember<Value>(key: string, cached: Cached<Value>): Cached<Value> {
    this.#memory.delete(key);
    this.#memory.set(key, { cached, readAt: this.#clock() });
    if (this.#memory.size > MEMORY_ENTRIES) {
      const [oldest] = this.#memory.keys();
      if (oldest !== undefined) this.#memory.delete(oldest);
    }
    return cached;
  }
}
