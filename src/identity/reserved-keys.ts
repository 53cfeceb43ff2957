/**
 * com.atproto.server.reserveSigningKey: reserves signing keys before their account exists, so that a DID
 * document can name the key first. A DID gets the same key until its account has it.
 */
import { Buffer } from "node:buffer";
import type { Did } from "@atcute/lexicons";
import { desc, eq, inArray, lt, or } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { reservedKey } from "../../schema/directory.ts";
import { ALL } from "../../schema/limits.ts";
import { didKey, generateKey } from "../protocol/keys.ts";
import { must } from "../protocol/refusal.ts";

/** Most keys that are reserved at once. Anybody may reserve one, so the oldest make way. */
export const RESERVED_MAX = 5_000;
/** How long a key waits for its account. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

export class ReservedKeys {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /** The did:key reserved for this DID, the same one each time; without a DID, a new one each time. */
  async reserve(did?: Did): Promise<string> {
    const key = await generateKey();
    const row = {
      keyDid: didKey(key),
      did: did ?? null,
      privateKey: Buffer.from(key).toString("hex"),
      createdAt: new Date(this.#clock()).toISOString(),
    };
    const { keyDid, createdAt } = reservedKey;
    const older = this.#db
      .select({ keyDid })
      .from(reservedKey)
      .orderBy(desc(createdAt), desc(keyDid))
      .limit(ALL)
      .offset(RESERVED_MAX);
    const [{ meta }] = await this.#db.batch([
      this.#db.insert(reservedKey).values(row).onConflictDoNothing(),
      this.#db.delete(reservedKey).where(inArray(keyDid, older)),
    ]);
    if (meta.changes > 0 || did === undefined) return row.keyDid;
    const earlier = await this.#db.select().from(reservedKey).where(eq(reservedKey.did, did)).get();
    return must(earlier, "reserved key").keyDid;
  }

  /** The secret key (32 bytes) reserved for a DID, or with this did:key; null when there is none. */
  async find(name: string): Promise<Uint8Array | null> {
    const row = await this.#db
      .select()
      .from(reservedKey)
      .where(or(eq(reservedKey.did, name), eq(reservedKey.keyDid, name)))
      .get();
    return row ? Uint8Array.from(Buffer.from(row.privateKey, "hex")) : null;
  }

  /** Deletes a reservation once the account has the key. */
  async drop(keyDid: string): Promise<void> {
    await this.#db.delete(reservedKey).where(eq(reservedKey.keyDid, keyDid));
  }

  /** Deletes reservations that nobody has taken up in a week. */
  async sweep(): Promise<void> {
    const before = new Date(this.#clock() - KEPT_MS).toISOString();
    await this.#db.delete(reservedKey).where(lt(reservedKey.createdAt, before));
  }
}
