/** The atproto data model (data model spec): the values that a record may hold, whatever its lexicon. */
import { Buffer } from "node:buffer";
import { toBytes, type Bytes } from "@atcute/cbor";
import { isCid, tryCidToBytes, RAW } from "./cid.ts";
import { invalidRequest } from "./refusal.ts";

/** A value of the atproto data model. */
export type LexValue =
  | null
  | boolean
  | number
  | string
  | Bytes
  | LexValue[]
  | { [key: string]: LexValue | undefined };

export interface LexMap {
  [key: string]: LexValue | undefined;
}

/** Maximum nesting depth of a value; deeper ones are refused on encoding and decoding. */
export const MAX_DEPTH = 128;

/** Most bytes of a record (sync spec): the most that the network's relays take. */
export const RECORD_BYTES = 1 << 20;

/** Whether a decoded value is a map, or bytes or a link in their form as maps (not an array or null). */
export const isMap = (value: unknown): value is LexMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Base64, padded or not. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

// ------------------------------------------------------------------------------------------------ record JSON

type Path = readonly (string | number)[];

const refuse = (path: Path, what: string) =>
  invalidRequest(`Invalid record: ${what}${path.length > 0 ? ` at ${path.join("/").slice(0, 200)}` : ""}`);

/**
 * Checks parsed JSON against the data model and returns it, ready for `encode`: unchanged but for `$bytes`,
 * which get their one spelling. Refuses InvalidRequest, naming the place: a record that is not an object,
 * floats, integers beyond 2^53, malformed `$link`, `$bytes`, `$type` or blob, lone surrogates, nesting past
 * MAX_DEPTH. Legacy blobs (`{cid, mimeType}`) are left to the caller.
 */
export function jsonToLex(json: unknown): LexMap {
  if (!isMap(json)) throw refuse([], "not an object");
  const path: (string | number)[] = [];
  checkMap(json, path);
  if (json["$link"] !== undefined || json["$bytes"] !== undefined)
    throw refuse(path, "a link or bytes in the place of an object");
  return json;
}

function checkValue(value: unknown, path: (string | number)[]): void {
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw refuse(path, "lone surrogate in a string");
  } else if (typeof value === "number") {
    if (!Number.isInteger(value)) throw refuse(path, "floats are not allowed");
    if (!Number.isSafeInteger(value)) throw refuse(path, "integer beyond 2^53");
  } else if (value !== null && typeof value === "object") {
    if (path.length >= MAX_DEPTH) throw refuse(path, "nested too deeply");
    if (Array.isArray(value)) checkArray(value, path);
    else if (isMap(value)) checkMap(value, path);
  } else if (value !== null && typeof value !== "boolean" && value !== undefined) {
    throw refuse(path, `${typeof value} is not of the data model`);
  }
}

function checkArray(items: unknown[], path: (string | number)[]): void {
  for (const [index, item] of items.entries()) {
    if (item === undefined) throw refuse(path, "hole in an array");
    path.push(index);
    checkValue(item, path);
    path.pop();
  }
}

function checkMap(map: LexMap, path: (string | number)[]): void {
  const keys = Object.keys(map);
  const { $link, $bytes, $type } = map;
  if ($link !== undefined) {
    if (keys.length !== 1 || !isCid($link)) throw refuse(path, "invalid $link");
    return;
  }
  if ($bytes !== undefined) {
    if (keys.length !== 1 || typeof $bytes !== "string" || !BASE64.test($bytes))
      throw refuse(path, "invalid $bytes");
    // The official fixtures have base64 whose unused bits are set; the codec takes no such text.
    map["$bytes"] = toBytes(Buffer.from($bytes, "base64")).$bytes;
    return;
  }
  if ($type !== undefined && (typeof $type !== "string" || $type === ""))
    throw refuse(path, "$type must be a string that is not empty");
  if ($type === "blob") checkBlob(map, path);
  for (const key of keys) {
    if (!key.isWellFormed()) throw refuse(path, "lone surrogate in a key");
    path.push(key);
    checkValue(map[key], path);
    path.pop();
  }
}

function checkBlob(blob: LexMap, path: Path): void {
  const { ref, mimeType, size } = blob;
  if (!isMap(ref) || typeof ref["$link"] !== "string" || tryCidToBytes(ref["$link"])?.[1] !== RAW)
    throw refuse(path, "blob without a valid ref");
  if (typeof mimeType !== "string" || !mimeType.includes("/"))
    throw refuse(path, "blob without a valid mimeType");
  if (!Number.isSafeInteger(size) || Number(size) < 0) throw refuse(path, "blob without a valid size");
  if (Object.keys(blob).length !== 4) throw refuse(path, "blob with unknown fields");
}

/** The property descriptor that sets `__proto__` as an ordinary field. */
export const OWN_PROPERTY = { enumerable: true, configurable: true, writable: true };
