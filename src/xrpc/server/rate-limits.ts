/**
 * Rate limits. There are three sets of counters:
 *
 * - coarse, per address, in the memory of each isolate (`AddressCounters`): `EVERYTHING` and
 *   `ADDRESS_LIMITS`;
 * - exact, in the directory (`Allowances`): per account, for requests that send mail or change an identity
 *   (`MEMBER_LIMITS`); per address, for password attempts (`ATTEMPTS_AT_ANYONE`);
 * - exact, in the account's own object: sign-in attempts, write points, uploads.
 *
 * The numbers are the reference's, except where noted. `RATE_LIMITS=off` disables all three.
 */
import type { Did } from "@atcute/lexicons";
import { ADDRESS_COUNTERS, Allowances } from "../../identity/allowances.ts";
import type { Limit } from "../../protocol/object/limits.ts";
import { rateLimited } from "../../protocol/object/limits.ts";
import { NO_ADDRESS, clientAddress } from "./client-address.ts";
import type { Services } from "./services.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** All requests from one address, except for methods that have a separate count. */
export const EVERYTHING: Limit = { windowMs: 5 * MINUTE, points: 3000 };

export interface AddressLimit {
  limits: readonly Limit[];
  /** Whether the method is excluded from `EVERYTHING`. */
  apart?: true;
}

/** Per address, and method or kind of route. */
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
  // Not in the reference, where a service of its own has them. A page of a timeline shows a hundred.
  pictures: { limits: [{ windowMs: 5 * MINUTE, points: 6000 }], apart: true },
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
  // Not in the reference, where only this mail is unlimited.
  plc_operation: MAILS,
  // Not in the reference, which gives codes out by itself.
  invite: [
    { windowMs: HOUR, points: 20 },
    { windowMs: DAY, points: 60 },
  ],
  handle: [
    { windowMs: 5 * MINUTE, points: 10 },
    { windowMs: DAY, points: 50 },
  ],
} as const;

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

/**
 * Limits on password attempts from one address, at any account, existing or not. The reference counts
 * attempts only per account and address, so one password can be tried at every account. The numbers leave
 * room for a school behind one address.
 */
const ATTEMPTS_AT_ANYONE = [
  { windowMs: 5 * MINUTE, points: 150 },
  { windowMs: DAY, points: 1500 },
] as const;

/**
 * Counts a sign-in attempt from the request's address, exactly. Refuses RateLimitExceeded. Local runs have no
 * addresses and are not counted.
 */
export async function consumeAttempt(services: Services, request: Request): Promise<void> {
  const source = attemptSource(services, request);
  if (source === null || source === NO_ADDRESS) return;
  const [short, long] = ATTEMPTS_AT_ANYONE;
  const counters = new Allowances(services.env.DIRECTORY);
  const { allowed, ...state } = await counters.consume(
    `${ADDRESS_COUNTERS}${source}`,
    "sign_in",
    short,
    long,
  );
  if (!allowed) throw rateLimited(state);
}

/** The source that sign-in attempts are counted by; null if they are not counted. */
export const attemptSource = (services: Services, request: Request): string | null =>
  limitsApply(services) ? clientAddress(request) : null;
