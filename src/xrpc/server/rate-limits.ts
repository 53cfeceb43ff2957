/**
 * How often is too often. Three counters, by what they guard:
 *
 * - coarse, per address, in the memory of each isolate (`edge/rate-limits.ts`): everything below as `by: "address"`;
 * - exact, per account, in the directory: what sends mail or changes an identity (`by: "member"`); per address: passwords;
 * - exact, in the account's own object: sign-in attempts, write points, uploads.
 *
 * The numbers are the reference's. `RATE_LIMITS=off` stops all three.
 */
import type { Did } from "@atcute/lexicons";
import type { Limit } from "../../account/limits.ts";
import { rateLimited } from "../../account/limits.ts";
import { ADDRESS_COUNTERS, Allowances } from "../../identity/allowances.ts";
import { NO_ADDRESS, clientAddress } from "./client-address.ts";
import type { Services } from "./services.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** All requests of one address, but for the methods that have a count of their own instead. */
export const EVERYTHING: Limit = { windowMs: 5 * MINUTE, points: 3000 };

export interface AddressLimit {
  limits: readonly Limit[];
  /** Does not count towards `EVERYTHING`. */
  apart?: true;
}

/** Per address and method. */
export const ADDRESS_LIMITS: Readonly<Record<string, AddressLimit>> = {
  "com.atproto.server.createAccount": { limits: [{ windowMs: 5 * MINUTE, points: 100 }] },
  "com.atproto.server.requestPasswordReset": {
    limits: [
      { windowMs: HOUR, points: 15 },
      { windowMs: DAY, points: 50 },
    ],
  },
  "com.atproto.server.resetPassword": { limits: [{ windowMs: 5 * MINUTE, points: 50 }] },
  "com.atproto.server.deleteAccount": { limits: [{ windowMs: 5 * MINUTE, points: 50 }] },
  // Not in the reference; each call may store a key.
  "com.atproto.server.reserveSigningKey": { limits: [{ windowMs: 5 * MINUTE, points: 100 }] },
  "com.atproto.sync.getRepo": { limits: [{ windowMs: 5 * MINUTE, points: 6000 }], apart: true },
};

const MAILS = [
  { windowMs: HOUR, points: 5 },
  { windowMs: DAY, points: 15 },
] as const;

/** Per account: a short and a long window. */
const MEMBER_LIMITS = {
  confirm_email: MAILS,
  update_email: MAILS,
  delete_account: MAILS,
  // Not in the reference, where this mail alone is unlimited.
  plc_operation: MAILS,
  handle: [
    { windowMs: 5 * MINUTE, points: 10 },
    { windowMs: DAY, points: 50 },
  ],
} as const;

const limitsApply = ({ env }: Pick<Services, "env">) => env.RATE_LIMITS !== "off";

/** Counts a use. Refuses RateLimitExceeded (429). */
export async function allow(
  services: Services,
  did: Did,
  kind: keyof typeof MEMBER_LIMITS,
  headers?: Headers,
): Promise<void> {
  if (!limitsApply(services)) return;
  const [short, long] = MEMBER_LIMITS[kind];
  const { allowed, ...state } = await new Allowances(services.env.DIRECTORY).use(did, kind, short, long);
  const refusal = rateLimited(state);
  if (!allowed) throw refusal;
  for (const [name, value] of Object.entries(refusal.headers ?? {})) headers?.set(name, value);
}

/**
 * Passwords tried by one address, at whatever account and whether there is one: not in the reference, which counts them
 * per account and address only, so that one password can be tried at everybody. Room for a school behind one address.
 */
const ATTEMPTS_AT_ANYONE = [
  { windowMs: 5 * MINUTE, points: 150 },
  { windowMs: DAY, points: 1500 },
] as const;

/** Counts a sign-in attempt of the request's address, exactly. Refuses RateLimitExceeded. Locally there are no addresses. */
export async function countAttempt(services: Services, request: Request): Promise<void> {
  const source = attemptSource(services, request);
  if (source === null || source === NO_ADDRESS) return;
  const [short, long] = ATTEMPTS_AT_ANYONE;
  const counters = new Allowances(services.env.DIRECTORY);
  const { allowed, ...state } = await counters.use(`${ADDRESS_COUNTERS}${source}`, "sign_in", short, long);
  if (!allowed) throw rateLimited(state);
}

/** For whom sign-in attempts are counted: null for nobody. */
export const attemptSource = (services: Services, request: Request): string | null =>
  limitsApply(services) ? clientAddress(request) : null;
