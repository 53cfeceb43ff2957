/**
 * The host's own secrets: made on first use, kept in DIRECTORY, so that a deploy asks for none. One in the environment
 * wins.
 */
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { secret } from "../../schema/directory.ts";
import { must } from "../protocol/refusal.ts";
import type { Bindings } from "../protocol/stations.ts";

/** Keys are K-256 private keys: 32 bytes in hex. */
export type SecretName = "jwt_secret" | "admin_password" | "plc_rotation_key" | "labeler_key" | "setup_code";

type Environment = Pick<Bindings, "DIRECTORY" | "JWT_SECRET" | "ADMIN_PASSWORD" | "PLC_ROTATION_KEY">;

/**
 * Resolved secrets of this isolate, by database. Values only: a promise kept across requests would belong to the request
 * that made it.
 */
const known = new WeakMap<D1Database, Map<SecretName, string>>();

export class HostSecrets {
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  async get(name: SecretName): Promise<string> {
    const given = this.#given(name);
    if (given) return given;
    const cache = known.get(this.#env.DIRECTORY) ?? new Map<SecretName, string>();
    known.set(this.#env.DIRECTORY, cache);
    const value = cache.get(name) ?? (await this.#settle(name));
    cache.set(name, value);
    return value;
  }

  #given(name: SecretName): string | undefined {
    if (name === "jwt_secret") return this.#env.JWT_SECRET;
    if (name === "admin_password") return this.#env.ADMIN_PASSWORD;
    if (name !== "plc_rotation_key") return undefined;
    const key = this.#env.PLC_ROTATION_KEY;
    if (key && !/^[0-9a-f]{64}$/i.test(key)) {
      throw new Error("PLC_ROTATION_KEY must be 32 bytes in hex");
    }
    return key;
  }

  /** Reads the stored value; makes one first if there is none. Of two that race, the first insert counts for both. */
  async #settle(name: SecretName): Promise<string> {
    const db = drizzle(this.#env.DIRECTORY);
    const read = () => db.select().from(secret).where(eq(secret.name, name)).get();
    const stored = await read();
    if (stored) return stored.value;
    await db
      .insert(secret)
      .values({ name, value: fresh(name), createdAt: new Date().toISOString() })
      .onConflictDoNothing();
    return must(await read(), `secret ${name}`).value;
  }
}

/** 256 random bits in hex for machines; about 100, in letters that are not mixed up, for what people type. */
function fresh(name: SecretName): string {
  if (name !== "admin_password" && name !== "setup_code") {
    return [...crypto.getRandomValues(new Uint8Array(32))]
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join("");
  }
  const letters = "abcdefghjkmnpqrstuvwxyz234567891";
  const random = crypto.getRandomValues(new Uint8Array(20));
  const word = [...random].map((byte) => letters[byte & 31]).join("");
  return word.replace(/.{5}(?=.)/g, "$&-");
}
