/**
 * A short cache of access tokens. Every request looks its token up, so that an ended session is over at once.
 * An isolate remembers a lookup for a few seconds, so another isolate may accept a revoked token for that
 * long.
 */
import type { Did } from "@atcute/lexicons";

/** The identity and rights that a token carries. */
export interface LiveToken {
  did: Did;
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

/** Drops every cached token, after sessions ended or changed. */
export function forgetTokens(): void {
  found.clear();
}
