/** Limits of one account, counted in its object. The numbers are the reference's, but for imports. */
import type { Limit } from "../protocol/object/limits.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Repo writes, in `POINTS`. */
export const WRITE_LIMITS: readonly Limit[] = [
  { windowMs: HOUR, points: 5000 },
  { windowMs: DAY, points: 35_000 },
];
export const POINTS = { create: 3, update: 2, delete: 1 } as const;

/** Sign-in attempts from one source. */
export const SIGN_IN_LIMITS: readonly Limit[] = [
  { windowMs: 5 * 60_000, points: 30 },
  { windowMs: DAY, points: 300 },
];
export const UPLOAD_LIMITS: readonly Limit[] = [{ windowMs: DAY, points: 1000 }];
/** Archives, each of which takes seconds to read. */
export const IMPORT_LIMITS: readonly Limit[] = [{ windowMs: DAY, points: 20 }];
