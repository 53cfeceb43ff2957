/** Timestamp identifiers (TID spec): 53 bits of microseconds, 10 bits of clock id, 13 characters of sortable base32. */

const ALPHABET = "234567abcdefghijklmnopqrstuvwxyz";
const TID = /^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/;
const MAX_MICROS = Number.MAX_SAFE_INTEGER;

export const isTid = (text: unknown): text is string => typeof text === "string" && TID.test(text);

/** A TID as the number it encodes, of 64 bits at most: sorts like the text, in 8 bytes. */
export function tidToBigInt(tid: string): bigint {
  let value = 0n;
  for (let i = 0; i < 13; i++) value = (value << 5n) | BigInt(ALPHABET.indexOf(tid.charAt(i)));
  return value;
}

/** The TID that a number encodes. */
export function tidFromBigInt(value: bigint): string {
  let out = "";
  for (let rest = value, i = 0; i < 13; i++, rest >>= 5n) out = `${ALPHABET[Number(rest & 31n)]}${out}`;
  return out;
}

/** Microseconds since 1970 to a TID. `clockId` is 0 to 1023. */
export function tidFromMicros(micros: number, clockId = 0): string {
  const whole = Math.min(Math.max(0, Math.floor(micros)), MAX_MICROS);
  return tidFromBigInt((BigInt(whole) << 10n) | BigInt(clockId & 1023));
}

/** Microseconds since 1970 of a TID. */
export const tidToMicros = (tid: string): number => Number(tidToBigInt(tid) >> 10n);

/**
 * The TID for `nowMicros`, or the least one above `previous` when the clock has not moved past it (a clock may stand
 * still or step back; a rev never does). What follows the last TID of all is no TID: check it with `isTid` where
 * `previous` comes from elsewhere.
 */
export function nextTid(nowMicros: number, previous: string | null, clockId = 0): string {
  const tid = tidFromMicros(nowMicros, clockId);
  if (previous === null || tid > previous) return tid;
  const micros = (tidToBigInt(previous) >> 10n) + 1n;
  return tidFromBigInt((micros << 10n) | BigInt(clockId & 1023));
}
