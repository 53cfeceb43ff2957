/**
 * The host's own secrets, generated on first use and kept in DIRECTORY, so that a deploy needs none. A value
 * in the environment takes precedence.
 */
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { secret } from "../../schema/directory.ts";
import { must } from "../protocol/refusal.ts";
import type { Bindings } from "../protocol/stations.ts";

/** Secrets that are keys are K-256 private keys: 32 bytes in hex. */
export type SecretName = "JWT_SECRET" | "ADMIN_PASSWORD" | "PLC_ROTATION_KEY" | "LABELER_KEY";

export type SecretBindings = Pick<
  Bindings,
  "DIRECTORY" | "JWT_SECRET" | "ADMIN_PASSWORD" | "PLC_ROTATION_KEY"
>;

/**
 * Resolved secrets of this isolate, by database. It holds values, not promises: a promise kept across
 * requests would belong to the request that made it.
 */
const known = new WeakMap<D1Database, Map<SecretName, string>>();

export async function hostSecret(env: SecretBindings, name: SecretName): Promise<string> {
  const given = givenSecret(env, name);
  if (given) return given;
  const cache = known.get(env.DIRECTORY) ?? new Map<SecretName, string>();
  known.set(env.DIRECTORY, cache);
  const value = cache.get(name) ?? (await settle(env.DIRECTORY, name));
  cache.set(name, value);
  return value;
}

/**
 * Stores another value, which this isolate uses at once, and others when they start anew: only for a host on which
 * nothing counts on the value before.
 */
export async function replaceSecret(env: SecretBindings, name: SecretName, value: string): Promise<void> {
  const values = { name, value, createdAt: new Date().toISOString() };
  await drizzle(env.DIRECTORY)
    .insert(secret)
    .values(values)
    .onConflictDoUpdate({ target: secret.name, set: values });
  known.get(env.DIRECTORY)?.delete(name);
}

const givenSecret = (env: SecretBindings, name: SecretName): string =>
  name === "JWT_SECRET" || name === "ADMIN_PASSWORD" || name === "PLC_ROTATION_KEY" ? env[name] : "";

/**
 * Reads the stored value, or generates it first. When two requests race, both use the value inserted first.
 */
async function settle(database: D1Database, name: SecretName): Promise<string> {
  const db = drizzle(database);
  const read = () => db.select().from(secret).where(eq(secret.name, name)).get();
  const stored = await read();
  if (stored) return stored.value;
  await db
    .insert(secret)
    .values({ name, value: fresh(name), createdAt: new Date().toISOString() })
    .onConflictDoNothing();
  return must(await read(), `secret ${name}`).value;
}

/**
 * 256 random bits in hex for machines; about 100 bits in unambiguous characters for the one that people type.
 */
function fresh(name: SecretName): string {
  if (name !== "ADMIN_PASSWORD") {
    return [...crypto.getRandomValues(new Uint8Array(32))]
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join("");
  }
  const letters = "abcdefghjkmnpqrstuvwxyz234567891";
  const random = crypto.getRandomValues(new Uint8Array(20));
  const word = [...random].map((byte) => letters[byte & 31]).join("");
  return word.replace(/.{5}(?=.)/g, "$&-");
}
