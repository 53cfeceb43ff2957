/**
 * Rate limits. There are three sets of counters:
 *
 * - coarse, per address, in the memory of each isolate (`AddressCounters`): `EVERYTHING` and
 *   `ADDRESS_LIMITS`;
 * - exact, in the directory (`Allowances`): per account, for requests that send mail or change an identity
 *   (`MEMBER_LIMITS`); per address, for password attempts (`ATTEMPTS_AT_ANYONE`, `ADMIN_GUESSES`,
 *   `SETUP_GUESSES`); per reporter (`REPORTS`);
 * - exact, in the account's own object: sign-in attempts, write points, uploads.
 *
 * The numbers are the reference's, except where noted. `RATE_LIMITS=off` disables all three.
 */
import type { Did } from "@atcute/lexicons";
import { Allowances, slotOf } from "../../identity/allowances.ts";
import { rateLimited } from "../../protocol/object/limits.ts";
import { NO_ADDRESS, clientAddress } from "./client-address.ts";
import type { Services } from "./services.ts";
import {
  ADMIN_GUESSES,
  ATTEMPTS_AT_ANYONE,
  DAY,
  JOIN_REQUESTS,
  MEMBER_LIMITS,
  MINUTE,
  REPORTS,
  SIGN_UPS,
  type Windows,
} from "./limit-table.ts";

const limitsApply = ({ env }: Pick<Services, "env">) => env.RATE_LIMITS !== "off";

/** Counts a use. Refuses RateLimitExceeded (429). */
export async function consumeForMember(
  services: Services,
  did: Did,
  kind: keyof typeof MEMBER_LIMITS,
  headers?: Headers,
): Promise<void> {
  if (!limitsApply(services)) return;
  const [short, long] = MEMBER_LIMITS[kind];
  const { allowed, ...state } = await new Allowances(services.env.DIRECTORY).consume(did, kind, short, long);
  const refusal = rateLimited(state);
  if (!allowed) throw refusal;
  for (const [name, value] of Object.entries(refusal.headers ?? {})) headers?.set(name, value);
}

/** Guesses of the code that opens set-up: from one address, and from everybody. */
const SETUP_GUESSES: Readonly<Record<"address" | "everybody", Windows>> = {
  address: [
    { windowMs: 10 * MINUTE, points: 10 },
    { windowMs: DAY, points: 50 },
  ],
  everybody: [
    { windowMs: 10 * MINUTE, points: 60 },
    { windowMs: DAY, points: 500 },
  ],
};

/** Refuses RateLimitExceeded. */
async function consumeExactly(services: Services, who: string, kind: string, [short, long]: Windows) {
  const { allowed, ...state } = await new Allowances(services.env.DIRECTORY).consume(who, kind, short, long);
  if (!allowed) throw rateLimited(state);
}

/** The name of the request's address among the exact counters; null if it is not counted. */
async function addressSlot(services: Services, request: Request): Promise<string | null> {
  const source = attemptSource(services, request);
  // Local runs have no addresses.
  if (source === null || source === NO_ADDRESS) return null;
  return slotOf(await services.directory.secret("JWT_SECRET"), "address", source);
}

/** Counts a sign-in attempt from the request's address. Refuses RateLimitExceeded. */
export async function consumeAttempt(services: Services, request: Request): Promise<void> {
  const slot = await addressSlot(services, request);
  if (slot !== null) await consumeExactly(services, slot, "sign_in", ATTEMPTS_AT_ANYONE);
}

/**
 * Counts a guess of the admin's password, if it was wrong. After too many, the right one is refused as well.
 * Refuses RateLimitExceeded.
 */
export async function countAdminGuess(services: Services, request: Request, isRight: boolean): Promise<void> {
  const slot = await addressSlot(services, request);
  if (slot === null) return;
  if (!isRight) return consumeExactly(services, slot, "admin_guess", ADMIN_GUESSES);
  const [short, long] = ADMIN_GUESSES;
  const { allowed, ...state } = await new Allowances(services.env.DIRECTORY).look(
    slot,
    "admin_guess",
    short,
    long,
  );
  if (!allowed) throw rateLimited(state);
}

/**
 * Counts a guess of set-up's code, before it is compared, so that of many at once no more are compared. A new
 * code is counted anew, so whoever deploys the host can always get in. Refuses RateLimitExceeded.
 */
export async function countSetUpGuess(services: Services, request: Request): Promise<void> {
  if (!limitsApply(services)) return;
  const source = attemptSource(services, request);
  const slot = (who: string) => slotOf(services.env.SETUP_CODE, "address", who);
  if (source !== null && source !== NO_ADDRESS)
    await consumeExactly(services, slot(source), "setup_guess", SETUP_GUESSES.address);
  await consumeExactly(services, slot("everybody"), "setup_guess_all", SETUP_GUESSES.everybody);
}

/** Counts a report. Refuses RateLimitExceeded. */
export async function consumeReport(
  services: Services,
  did: Did,
  from: "member" | "outsider",
): Promise<void> {
  if (!limitsApply(services)) return;
  if (from === "member") return consumeExactly(services, did, "report", REPORTS.member);
  const slot = slotOf(await services.directory.secret("JWT_SECRET"), "outsider", did);
  await consumeExactly(services, slot, "report", REPORTS.outsider);
  await consumeExactly(services, "outsiders", "report", REPORTS.outsiders);
}

/** Counts a new account. Refuses RateLimitExceeded. Does nothing unless the host is open to all. */
export async function consumeSignUp(services: Services, request: Request): Promise<void> {
  if (services.env.REGISTRATION !== "open" || !limitsApply(services)) return;
  const slot = await addressSlot(services, request);
  if (slot !== null) await consumeExactly(services, slot, "sign_up", SIGN_UPS.address);
  await consumeExactly(services, "everybody", "sign_up", SIGN_UPS.everybody);
}

/** Counts a request to join. Refuses RateLimitExceeded. */
export async function consumeJoinRequest(services: Services, request: Request): Promise<void> {
  if (!limitsApply(services)) return;
  const slot = await addressSlot(services, request);
  if (slot !== null) await consumeExactly(services, slot, "join_request", JOIN_REQUESTS.address);
  await consumeExactly(services, "everybody", "join_request", JOIN_REQUESTS.everybody);
}

/** The source that sign-in attempts are counted by; null if they are not counted. */
export const attemptSource = (services: Services, request: Request): string | null =>
  limitsApply(services) ? clientAddress(request) : null;
