/**
 * Timestamp identifiers (TID spec): 53 bits of microseconds, 10 bits of clock id, 13 characters of sortable
 * base32.
 */

const ALPHABET = "234567abcdefghijklmnopqrstuvwxyz";
const TID = /^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/;
const MAX_MICROS = Number.MAX_SAFE_INTEGER;

export const isTid = (text: unknown): text is string => typeof text === "string" && TID.test(text);

/** Decodes a TID to its number, of at most 64 bits, which sorts like the text and fits in 8 bytes. */
export function tidToBigInt(tid: string): bigint {
  let value = 0n;
  for (let i = 0; i < 13; i++) value = (value << 5n) | BigInt(ALPHABET.indexOf(tid.charAt(i)));
  return value;
}

/** Encodes a number as a TID. */
export function tidFromBigInt(value: bigint): string {
  let out = "";
  for (let rest = value, i = 0; i < 13; i++, rest >>= 5n) out = `${ALPHABET[Number(rest & 31n)]}${out}`;
  return out;
}

/** Encodes microseconds since 1970 as a TID. `clockId` is 0 to 1023. */
export function tidFromMicros(micros: number, clockId = 0): string {
  const whole = Math.min(Math.max(0, Math.floor(micros)), MAX_MICROS);
  return tidFromBigInt((BigInt(whole) << 10n) | BigInt(clockId & 1023));
}

/** The microseconds since 1970 that a TID encodes. */
export const tidToMicros = (tid: string): number => Number(tidToBigInt(tid) >> 10n);

/**
 * The TID for `nowMicros`, or the least one above `previous` when the clock has not passed it (a clock may
 * stand still or step back; a rev never does). After the greatest TID, the result is not a TID: check it with
 * `isTid` when `previous` comes from elsewhere.
 */
export function nextTid(nowMicros: number, previous: string | null, clockId = 0): string {
  const tid = tidFromMicros(nowMicros, clockId);
  if (previous === null || tid > previous) return tid;
  const micros = (tidToBigInt(previous) >> 10n) + 1n;
  return tidFromBigInt((micros << 10n) | BigInt(clockId & 1023));
}
