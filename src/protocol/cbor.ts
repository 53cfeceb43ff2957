/**
 * DAG-CBOR as atproto narrows it (data model spec): canonical, no floats, integers within 2^53, string keys
 * in length-first order, one tag (42, a CID), definite lengths. `@atcute/cbor` reads and writes it; what it
 * would let through is refused here, so that bytes and value determine each other.
 *
 * Values have the shapes of JSON: a link is `{ $link: cid }`, bytes are `{ $bytes: base64 }`. `toBytes` makes
 * the latter from a Uint8Array without base64, `fromBytes` takes it apart.
 */
import { BytesWrapper, decodeFirst as decodeAny, encode as encodeFast } from "@atcute/cbor";
import { CidLinkWrapper } from "@atcute/cid";
import { MAX_DEPTH, type LexMap, type LexValue } from "./data-model.ts";
import { encodeSlowly } from "./codec/odd-maps.ts";
import { invalidRequest } from "./refusal.ts";

export { fromBytes, toBytes } from "@atcute/cbor";

/** Whether a decoded value is a byte string. */
export const isBytes = (value: unknown): value is BytesWrapper => value instanceof BytesWrapper;

/** Major types whose payload follows the head. */
const BYTE_STRING = 2;
const TEXT = 3;

const isObject = (value: unknown): value is LexMap => typeof value === "object" && value !== null;

const FEW_KEYS = 256;

/**
 * Whether `@atcute/cbor` can write a value. It sorts keys by insertion, so its time grows with the square of
 * their number: 20,000 keys, for which a record has room, take seconds. And it takes a map that has the key
 * `constructor` for something else.
 */
function isOrdinary(value: LexValue | undefined): boolean {
  if (!isObject(value) || value instanceof BytesWrapper || value instanceof CidLinkWrapper) return true;
  if (Array.isArray(value)) return value.every(isOrdinary);
  let keys = 0;
  for (const key in value) {
    const item = value[key];
    if (++keys > FEW_KEYS || key === "constructor") return false;
    if (typeof item === "object" && !isOrdinary(item)) return false;
  }
  return true;
}

/**
 * Encodes canonical DAG-CBOR. Keys with value undefined are omitted. The value comes from our own code or
 * from `jsonToLex`. Most else outside the data model throws, but a float or a lone surrogate would be encoded.
 */
export const encode = (value: LexValue): Uint8Array =>
  isOrdinary(value) ? encodeFast(value) : encodeSlowly(value);

// ------------------------------------------------------------------------------------------------ decoding

const malformed = (what: string) => invalidRequest(`Invalid CBOR: ${what}`);

/** The head of a float. UTF-8 has no such byte, so only CIDs, byte strings and numbers may contain it. */
const FLOAT = 0xfb;

/** Whether well-formed CBOR has a float in it. A whole one decodes to an integer, so that only its head shows it. */
function hasFloat(bytes: Uint8Array): boolean {
  if (!bytes.includes(FLOAT)) return false;
  for (let at = 0; at < bytes.length;) {
    const head = bytes[at++] ?? 0;
    if (head === FLOAT) return true;
    const major = head >> 5;
    let argument = head & 31;
    if (argument >= 24) {
      const end = at + (1 << (argument - 24));
      for (argument = 0; at < end; at++) argument = argument * 256 + (bytes[at] ?? 0);
    }
    if (major === BYTE_STRING || major === TEXT) at += argument;
  }
  return false;
}

/** Checks what the library does not, and makes links JSON; byte strings too, if `asJson`. In place. */
function checked(value: unknown, asJson: boolean, depth: number): LexValue {
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw malformed("float");
  if (!isObject(value)) return value as LexValue;
  if (value instanceof CidLinkWrapper) return { $link: value.$link };
  if (value instanceof BytesWrapper) return asJson ? { $bytes: value.$bytes } : value;
  if (depth >= MAX_DEPTH) throw malformed("nested too deeply");
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = checked(value[i], asJson, depth + 1);
    return value;
  }
  const keys = Object.keys(value);
  for (const key of keys) {
    const item = value[key];
    if (typeof item !== "string") value[key] = checked(item, asJson, depth + 1);
  }
  if (keys.length === 1 && (keys[0] === "$link" || keys[0] === "$bytes"))
    throw malformed("map in the place of a link or bytes");
  return value;
}

function readFirst(bytes: Uint8Array, asJson: boolean): [value: LexValue, rest: Uint8Array] {
  let first: [value: unknown, rest: Uint8Array];
  try {
    first = decodeAny(bytes);
  } catch (thrown) {
    throw malformed(thrown instanceof Error ? thrown.message : String(thrown));
  }
  const [found, rest] = first;
  const value = checked(found, asJson, 0);
  if (hasFloat(bytes.subarray(0, bytes.length - rest.length))) throw malformed("float");
  return [value, rest];
}

function readAll(bytes: Uint8Array, asJson: boolean): LexValue {
  const [value, rest] = readFirst(bytes, asJson);
  if (rest.length > 0) throw malformed("bytes after the end");
  return value;
}

/**
 * Decodes one value that fills `bytes`. Byte strings become views of the input (`fromBytes`), links `{ $link }`.
 * Refuses InvalidRequest: anything that is not canonical.
 */
export const decode = (bytes: Uint8Array): LexValue => readAll(bytes, false);

/** Like `decode`, but straight into JSON: byte strings become `{ $bytes }`. */
export const decodeToJson = (bytes: Uint8Array): LexValue => readAll(bytes, true);

/** Decodes the value at the start; returns it and the remaining bytes. */
export const decodeFirst = (bytes: Uint8Array): [value: LexValue, rest: Uint8Array] =>
  readFirst(bytes, false);
