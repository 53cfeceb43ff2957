/**
 * Instants of the index, in milliseconds of the Unix epoch. They never come from the indexing machine's
 * clock.
 */
import { isTid, tidFromMicros, tidToMicros } from "../protocol/tid.ts";

/** The time of a rev, which is a TID; 0 for anything else. */
export const revInstant = (rev: string): number => (isTid(rev) ? Math.floor(tidToMicros(rev) / 1000) : 0);

/** The last rev that a commit of this millisecond can have. */
export const lastRevOf = (instant: number): string => tidFromMicros(instant * 1000 + 999, 1023);

/** A record's own creation time; 0 (1970) when it cannot be parsed, as in the reference implementation. */
export function createdInstant(createdAt: unknown): number {
  if (typeof createdAt !== "string") return 0;
  const instant = Date.parse(createdAt);
  return Number.isNaN(instant) ? 0 : instant;
}

/** The sort key of a record: it may claim to be older than its commit, never newer. */
export const sortInstant = (createdAt: unknown, indexed: number): number =>
  Math.min(createdInstant(createdAt), indexed);

/**
 * `indexed` of a record of another host: the earliest of the times that its key, its date and a commit that has it
 * name. A later commit, or another way here, makes no other.
 */
export function foreignInstant(createdAt: unknown, rkey: string, commit: number): number {
  const created = createdInstant(createdAt);
  const times = [commit, ...(created > 0 ? [created] : []), ...(isTid(rkey) ? [revInstant(rkey)] : [])];
  return Math.max(0, Math.min(...times));
}

export const isoOf = (instant: number): string => new Date(instant).toISOString();
