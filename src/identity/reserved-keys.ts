/**
 * com.atproto.server.reserveSigningKey: reserves signing keys before their account exists, so that a DID
 * document can name the key first. A DID gets the same key until its account has it.
 */
import { Buffer } from "node:buffer";
import type { Did } from "@atcute/lexicons";
import { eq, or } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { reservedKey } from "../../schema/directory.ts";
import { didKey, generateKey } from "../protocol/keys.ts";
import { must } from "../protocol/refusal.ts";

export class ReservedKeys {
  readonly #db: DrizzleD1Database;
  readonly #clock: () => number;

  constructor(database: D1Database, clock: () => number) {
    this.#db = drizzle(database);
    this.#clock = clock;
  }

  /** The did:key reserved for this DID, the same one each time; without a DID, a new one each time. */
  async reserve(did?: Did): Promise<string> {
    const key = generateKey(crypto.getRandomValues(new Uint8Array(32)));
    const row = {
      keyDid: didKey(key),
      did: did ?? null,
      privateKey: Buffer.from(key).toString("hex"),
      createdAt: new Date(this.#clock()).toISOString(),
    };
    const { meta } = await this.#db.insert(reservedKey).values(row).onConflictDoNothing();
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
}
