/** How often an address, a member, or everybody together may do what. */
import type { Limit } from "../../protocol/object/limits.ts";

export const MINUTE = 60_000;

const HOUR = 60 * MINUTE;

export const DAY = 24 * HOUR;

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
  // Nor are these: each stores a request, and what may be used once.
  "oauth/par": { limits: [{ windowMs: 5 * MINUTE, points: 100 }] },
  "oauth/token": { limits: [{ windowMs: 5 * MINUTE, points: 300 }] },
  // Not in the reference, where a service of its own has them. A page of a timeline shows a hundred.
  pictures: { limits: [{ windowMs: 5 * MINUTE, points: 6000 }], apart: true },
  "com.atproto.sync.getRepo": { limits: [{ windowMs: 5 * MINUTE, points: 6000 }], apart: true },
};

const MAILS = [
  { windowMs: HOUR, points: 5 },
  { windowMs: DAY, points: 15 },
] as const;

/** Per account: a short and a long window. */
export const MEMBER_LIMITS = {
  confirm_email: MAILS,
  update_email: MAILS,
  delete_account: MAILS,
  // Not in the reference, which counts by address alone.
  reset_password: MAILS,
  // Not in the reference, where only this mail is unlimited.
  plc_operation: MAILS,
  // Not in the reference, which gives codes out by itself.
  invite: [
    { windowMs: HOUR, points: 20 },
    { windowMs: DAY, points: 60 },
  ],
  // A download of all that they have; one with many pictures has several parts.
  own_backup: [
    { windowMs: HOUR, points: 20 },
    { windowMs: DAY, points: 60 },
  ],
  // Pages and pictures of links that members write about: the host fetches them.
  card: [
    { windowMs: 10 * MINUTE, points: 60 },
    { windowMs: DAY, points: 600 },
  ],
  handle: [
    { windowMs: 5 * MINUTE, points: 10 },
    { windowMs: DAY, points: 50 },
  ],
} as const;

/** A short and a long window. */
export type Windows = readonly [Limit, Limit];

/**
 * Limits on password attempts from one address, at any account, existing or not. The reference counts
 * attempts only per account and address, so one password can be tried at every account. The numbers leave
 * room for a school behind one address.
 */
export const ATTEMPTS_AT_ANYONE: Windows = [
  { windowMs: 5 * MINUTE, points: 150 },
  { windowMs: DAY, points: 1500 },
];

/** Wrong guesses of the admin's password from one address. */
export const ADMIN_GUESSES: Windows = [
  { windowMs: 5 * MINUTE, points: 20 },
  { windowMs: DAY, points: 100 },
];

/**
 * Reports, which the reference does not limit: by one member, by one account of another host, and by all
 * accounts of other hosts.
 */
export const REPORTS: Readonly<Record<"member" | "outsider" | "outsiders", Windows>> = {
  member: [
    { windowMs: HOUR, points: 50 },
    { windowMs: DAY, points: 200 },
  ],
  outsider: [
    { windowMs: HOUR, points: 10 },
    { windowMs: DAY, points: 20 },
  ],
  outsiders: [
    { windowMs: HOUR, points: 200 },
    { windowMs: DAY, points: 1000 },
  ],
};

/**
 * New accounts of a host that is open to all: from one address, and from everybody. Invites bound those of
 * other hosts.
 */
export const SIGN_UPS: Readonly<Record<"address" | "everybody", Windows>> = {
  address: [
    { windowMs: HOUR, points: 30 },
    { windowMs: DAY, points: 100 },
  ],
  everybody: [
    { windowMs: HOUR, points: 1000 },
    { windowMs: DAY, points: 5000 },
  ],
};

/** Requests to join a host that approves its new members, each of which somebody has to read. */
export const JOIN_REQUESTS: Readonly<Record<"address" | "everybody", Windows>> = {
  address: [
    { windowMs: HOUR, points: 10 },
    { windowMs: DAY, points: 30 },
  ],
  everybody: [
    { windowMs: HOUR, points: 200 },
    { windowMs: DAY, points: 1000 },
  ],
};
