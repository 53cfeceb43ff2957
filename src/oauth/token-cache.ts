/**
 * Access tokens are looked up on every request, so that a session that was ended is over at once. An isolate remembers
 * what it found for a few seconds, which is as long as another isolate may go on taking a token that was just revoked.
 */

/** What a request may do by its token. */
export interface LiveToken {
  did: string;
  scope: string;
  /** Thumbprint of the key that the token is bound to. */
  jkt: string | undefined;
  clientId: string;
  expiresAt: number;
}

const KEPT_MS = 5_000;
const KEPT_MAX = 2_000;

const found = new Map<string, { token: LiveToken; until: number }>();

export function rememberToken(id: string, token: LiveToken, now: number): void {
  if (found.size >= KEPT_MAX) found.clear();
  found.set(id, { token, until: now + KEPT_MS });
}

export function rememberedToken(id: string, now: number): LiveToken | null {
  const kept = found.get(id);
  return kept !== undefined && kept.until > now ? kept.token : null;
}

/** Sessions ended or changed: nothing that was found counts any more. */
export function forgetTokens(): void {
  found.clear();
}
