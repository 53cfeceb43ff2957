/** Ends an account's sessions, step by step. `credentials.ts` sees to it that every step is made. */
import type { Did } from "@atcute/lexicons";
import { endGrants } from "../oauth/forget.ts";
import type { SettlingServices } from "./services.ts";

/**
 * Ends every session: those opened by a password, those of connected apps with what they were allowed, and
 * all browsers but one. Idempotent.
 */
export async function endEverySession(
  services: SettlingServices,
  did: Did,
  exceptBrowser: string | null,
): Promise<void> {
  await services.directory.endSessions(did);
  await services.account(did).revokeAllRefreshTokens();
  await endGrants(services.env.DIRECTORY, did, exceptBrowser);
}
