/**
 * Whether a member's sessions were ended after an access token was issued. Access tokens carry no state, so
 * the directory knows. Methods about the account itself ask it each time (`policies.ts`). All others ask this
 * memory, which is read again in the background: no call waits for it, and a token that was ended opens
 * nothing more within a minute.
 */
import type { Did } from "@atcute/lexicons";
import { logLine } from "../../protocol/log-line.ts";
import type { Services } from "./services.ts";

const FRESH_MS = 60_000;
const KEPT_MAX = 10_000;

interface Kept {
  /** In seconds; 0 if they were never ended. */
  endedAt: number;
  readAt: number;
}

const kept = new Map<Did, Kept>();

/** @param issuedAt in seconds */
export function isEnded(
  services: Pick<Services, "directory" | "defer">,
  did: Did,
  issuedAt: number,
): boolean {
  const known = kept.get(did);
  const now = Date.now();
  if (known === undefined || now - known.readAt > FRESH_MS) {
    // Noted before it is read, so that a burst of calls reads it once.
    rememberEnded(did, known?.endedAt ?? 0);
    services.defer(readAgain(services, did));
  }
  return issuedAt < (known?.endedAt ?? 0);
}

export function rememberEnded(did: Did, endedAt: number): void {
  if (kept.size >= KEPT_MAX && !kept.has(did)) kept.clear();
  kept.set(did, { endedAt, readAt: Date.now() });
}

async function readAgain({ directory }: Pick<Services, "directory">, did: Did): Promise<void> {
  try {
    rememberEnded(did, (await directory.findByDid(did))?.sessionsEndedAt ?? 0);
  } catch (cause) {
    logLine("warn", "ended-sessions", { did, cause });
  }
}
