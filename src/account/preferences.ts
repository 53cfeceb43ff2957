/**
 * Preferences (app.bsky.actor.getPreferences, putPreferences): JSON objects with `$type`, a row a namespace.
 */
import type { JsonObject } from "../protocol/account-station.ts";
import type { Sql } from "../protocol/object/sql.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";

const PERSONAL_DETAILS = "app.bsky.actor.defs#personalDetailsPref";
/** Derived from the birth date when read; never stored. */
const DECLARED_AGE = "app.bsky.actor.defs#declaredAgePref";

const typeOf = (preference: JsonObject) => String(preference["$type"]);
const isStored = (preference: JsonObject) => typeOf(preference) !== DECLARED_AGE;
const allowed = (preference: JsonObject, full: boolean) => full || typeOf(preference) !== PERSONAL_DETAILS;

function stored(sql: Sql, namespace: string): JsonObject[] {
  const row = sql.first<{ value: string }>("SELECT value FROM preference WHERE namespace = ?", namespace);
  return row === null ? [] : JSON.parse(row.value);
}

/** Age in calendar years, or null for an invalid date. */
function ageFrom(birthDate: unknown, now: Date): number | null {
  const birth = new Date(String(birthDate));
  if (Number.isNaN(birth.getTime())) return null;
  const months = now.getUTCMonth() - birth.getUTCMonth();
  const before = months < 0 || (months === 0 && now.getUTCDate() < birth.getUTCDate());
  return now.getUTCFullYear() - birth.getUTCFullYear() - (before ? 1 : 0);
}

export function getPreferences(sql: Sql, namespace: string, full: boolean, now: Date): JsonObject[] {
  const preferences = stored(sql, namespace);
  const personal = preferences.find((preference) => typeOf(preference) === PERSONAL_DETAILS);
  const age = personal?.["birthDate"] ? ageFrom(personal["birthDate"], now) : null;
  if (age !== null) {
    preferences.push({
      $type: DECLARED_AGE,
      isOverAge13: age >= 13,
      isOverAge16: age >= 16,
      isOverAge18: age >= 18,
    });
  }
  return preferences.filter((preference) => allowed(preference, full));
}

/**
 * Replaces the namespace's preferences, except those that the caller may not see. Refuses InvalidRequest, and
 * InvalidSwap if they are others than `before`.
 */
export function putPreferences(
  sql: Sql,
  namespace: string,
  preferences: JsonObject[],
  full: boolean,
  before?: JsonObject[],
): void {
  for (const preference of preferences) {
    const type = preference["$type"];
    if (typeof type !== "string") throw invalidRequest("Preference is missing a $type");
    if (type !== namespace && !type.startsWith(`${namespace}.`)) {
      throw invalidRequest(`Some preferences are not in the ${namespace} namespace`);
    }
  }
  const forbidden = preferences.filter((preference) => !allowed(preference, full)).map(typeOf);
  if (forbidden.length > 0) {
    throw invalidRequest(`Do not have authorization to set preferences: ${forbidden.join(", ")}`);
  }
  const now = stored(sql, namespace);
  if (before !== undefined && JSON.stringify(before.filter(isStored)) !== JSON.stringify(now)) {
    throw new Refusal("InvalidSwap", "The preferences were changed meanwhile");
  }
  const kept = now.filter((preference) => !allowed(preference, full));
  const value = [...kept, ...preferences.filter(isStored)];
  sql.run(
    "INSERT INTO preference (namespace, value) VALUES (?, ?) ON CONFLICT (namespace) DO UPDATE SET value = excluded.value",
    namespace,
    JSON.stringify(value),
  );
}
