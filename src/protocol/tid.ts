/** Timestamp identifiers (TID spec): 53 bits of microseconds, 10 bits of clock id, 13 characters of sortable base32. */

const ALPHABET = "234567abcdefghijklmnopqrstuvwxyz";
const TID = /^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/;
const MAX_MICROS = Number.MAX_SAFE_INTEGER;

export const isTid = (text: unknown): text is string => typeof text === "string" && TID.test(text);

function encode(value: number, length: number): string {
  let out = "";
  for (let rest = value, i = 0; i < length; i++) {
    out = `${ALPHABET[rest % 32]}${out}`;
    rest = Math.floor(rest / 32);
  }
  return out;
}

/** Microseconds since 1970 to a TID. `clockId` is 0 to 1023. */
export function tidFromMicros(micros: number, clockId = 0): string {
  const whole = Math.min(Math.max(0, Math.floor(micros)), MAX_MICROS);
  return encode(whole, 11) + encode(clockId & 1023, 2);
}

/** Microseconds since 1970 of a TID. */
export function tidToMicros(tid: string): number {
  let micros = 0;
  for (let i = 0; i < 11; i++) micros = micros * 32 + ALPHABET.indexOf(tid[i] ?? "");
  return micros;
}

/**
 * The TID for `nowMicros`, or the least one above `previous` when the clock has not moved past it (a clock may stand
 * still or step back; a rev never does).
 */
export function nextTid(nowMicros: number, previous: string | null, clockId = 0): string {
  const tid = tidFromMicros(nowMicros, clockId);
  if (previous === null || tid > previous) return tid;
  return tidFromMicros(tidToMicros(previous) + 1, clockId);
}

/** A TID as the 63-bit number it encodes: sorts like the text, in 8 bytes. */
export function tidToBigInt(tid: string): bigint {
  const clock = ALPHABET.indexOf(tid[11] ?? "") * 32 + ALPHABET.indexOf(tid[12] ?? "");
  return (BigInt(tidToMicros(tid)) << 10n) | BigInt(clock);
}

/** The TID that a 63-bit number encodes. */
export const tidFromBigInt = (value: bigint): string =>
  tidFromMicros(Number(value >> 10n), Number(value & 1023n));
