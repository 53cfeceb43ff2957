/**
 * Caches identities resolved from outside in D1, shared by all isolates, with a small cache in memory in
 * front. Anybody can have this host resolve anything, so both are bounded: in entries, and in what is kept of
 * a document.
 */
import type { Did } from "@atcute/lexicons";
import { and, eq, lt } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { didCache, handleCache } from "../../schema/directory.ts";
import { type DidDocument, essentialDocument } from "./did-document.ts";

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

/** Slots of each table. A new entry takes its slot from whatever had it, so no table grows beyond them. */
export const CACHE_SLOTS = 32_768;

/** FNV-1a of the key. */
function slotOf(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % CACHE_SLOTS;
}

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
    const { slot } = didCache;
    const row = await this.#db
      .select()
      .from(didCache)
      .where(and(eq(slot, slotOf(did)), eq(didCache.did, did)))
      .get();
    if (!row) return null;
    return this.#remember<DidDocument>(did, {
      value: JSON.parse(row.document),
      fetchedAt: row.fetchedAt,
    });
  }

  /**
   * Keeps what this host reads of a document. Does not keep a document of which that alone is too long; null
   * removes the entry, because the DID is gone.
   */
  async setDocument(did: Did, document: DidDocument | null): Promise<void> {
    const kept = document === null ? null : essentialDocument(document);
    const slot = slotOf(did);
    if (kept === null) {
      this.#memory.delete(did);
      await this.#db.delete(didCache).where(and(eq(didCache.slot, slot), eq(didCache.did, did)));
      return;
    }
    const fetchedAt = this.#clock();
    this.#remember(did, { value: kept, fetchedAt });
    const row = { did, document: JSON.stringify(kept), fetchedAt };
    await this.#db
      .insert(didCache)
      .values({ slot, ...row })
      .onConflictDoUpdate({ target: didCache.slot, set: row });
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
    const row = await this.#db
      .select()
      .from(handleCache)
      .where(and(eq(handleCache.slot, slotOf(handle)), eq(handleCache.handle, handle)))
      .get();
    if (!row) return null;
    return this.#remember(handle, { value: row.did, fetchedAt: row.fetchedAt });
  }

  /** Null removes the entry: the handle resolves to nothing. */
  async setHandle(handle: string, did: Did | null): Promise<void> {
    const slot = slotOf(handle);
    if (did === null) {
      this.#memory.delete(handle);
      await this.#db
        .delete(handleCache)
        .where(and(eq(handleCache.slot, slot), eq(handleCache.handle, handle)));
      return;
    }
    const row = { handle, did, fetchedAt: this.#clock() };
    this.#remember(handle, { value: did, fetchedAt: row.fetchedAt });
    await this.#db
      .insert(handleCache)
      .values({ slot, ...row })
      .onConflictDoUpdate({ target: handleCache.slot, set: row });
  }

  /** Deletes entries that are too old to be used. */
  async sweep(): Promise<void> {
    const now = this.#clock();
    await this.#db.batch([
      this.#db.delete(didCache).where(lt(didCache.fetchedAt, now - DOCUMENT_AGE.last)),
      this.#db.delete(handleCache).where(lt(handleCache.fetchedAt, now - HANDLE_AGE.last)),
    ]);
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
