/**
 * Ends sessions and sign-ins when a password changes, a member is taken down, or an account is deleted. Loads
 * nothing of the provider.
 */
import { ONCE_MS } from "./lifetimes.ts";
import { EXPIRED_KEPT_MS } from "./stores/requests.ts";
import { forgetTokens } from "./token-cache.ts";

/** The statements that end every app session of an account. */
const endingSessions = (database: D1Database, did: string): D1PreparedStatement[] => [
  database.prepare("DELETE FROM oauth_session WHERE did = ?1").bind(did),
  database.prepare("DELETE FROM oauth_request WHERE did = ?1").bind(did),
];

/** Ends every app session of an account. Idempotent. */
export async function endSessions(database: D1Database, did: string): Promise<void> {
  forgetTokens();
  await database.batch(endingSessions(database, did));
}

/**
 * Ends every app session of an account, forgets what its apps were allowed, and signs it out of every browser
 * but one. Idempotent.
 */
export async function endGrants(
  database: D1Database,
  did: string,
  exceptBrowser: string | null,
): Promise<void> {
  forgetTokens();
  await database.batch([
    ...endingSessions(database, did),
    database.prepare("DELETE FROM oauth_consent WHERE did = ?1").bind(did),
    database
      .prepare("DELETE FROM oauth_device_account WHERE did = ?1 AND device_id IS NOT ?2")
      .bind(did, exceptBrowser),
  ]);
}

const DAY = 24 * 60 * 60_000;
/** Longer than any session may go without a refresh (the provider's longest: three months). */
const SESSION_MS = 100 * DAY;
/** A cookie's longest life. */
const BROWSER_MS = 400 * DAY;

/** A permission set that nobody has used for this long is forgotten. */
const LEXICON_MS = 30 * DAY;

/**
 * Statements for the Worker's schedule: they delete rows that expire within minutes, and rows that nobody
 * needs after days.
 */
export function oauthSweeps(database: D1Database, now: number) {
  const sweep = (sql: string, before: number) => database.prepare(sql).bind(before);
  return {
    hourly: [
      sweep("DELETE FROM oauth_replay WHERE expires_at < ?1", now),
      sweep("DELETE FROM oauth_request WHERE expires_at < ?1", now - EXPIRED_KEPT_MS),
      sweep("DELETE FROM oauth_device_account WHERE remembered = 0 AND signed_in_at < ?1", now - ONCE_MS),
    ],
    daily: [
      sweep("DELETE FROM oauth_session WHERE updated_at < ?1", now - SESSION_MS),
      sweep(
        "DELETE FROM oauth_device_account WHERE device_id IN (SELECT id FROM oauth_device WHERE seen_at < ?1)",
        now - BROWSER_MS,
      ),
      sweep("DELETE FROM oauth_device WHERE seen_at < ?1", now - BROWSER_MS),
      sweep("DELETE FROM oauth_lexicon WHERE updated_at < ?1", now - LEXICON_MS),
    ],
  };
}
