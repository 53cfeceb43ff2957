/**
 * The options of a reader of the JSON stream, in the query of its request and in its `options_update`
 * messages: the names, limits and coercions of Jetstream, version 1.
 */
import { isDid, isNsid } from "../../../protocol/syntax.ts";
import { invalidRequest } from "../../../protocol/refusal.ts";
import { isJson } from "../../../protocol/json.ts";

export interface JsonOptions {
  /** NSIDs, and prefixes that end in `.*`; empty: every collection. */
  collections: string[];
  /** Empty: every account. */
  dids: string[];
  /** Longer messages are left out; 0: none is. */
  maxBytes: number;
}

const MOST_COLLECTIONS = 100;
const MOST_DIDS = 10_000;
/** Most characters of all names together: an options message is kept as long as its reader. */
const MOST_CHARACTERS = 1_000_000;

/** Refuses InvalidRequest for more or other names than Jetstream takes. */
function optionsOf(collections: readonly unknown[], dids: readonly unknown[], maxBytes: number): JsonOptions {
  const options = {
    collections: distinct(collections, "wantedCollections", MOST_COLLECTIONS, isPattern),
    dids: distinct(dids, "wantedDids", MOST_DIDS, isDid),
    maxBytes: Number.isSafeInteger(maxBytes) && maxBytes > 0 ? maxBytes : 0,
  };
  const names = [...options.collections, ...options.dids];
  if (names.reduce((sum, name) => sum + name.length, 0) > MOST_CHARACTERS) {
    throw invalidRequest("The names are longer than a reader may have");
  }
  return options;
}

/** A prefix is taken as it is, however short. */
const isPattern = (text: unknown): text is string =>
  typeof text === "string" && (/^[a-zA-Z0-9.-]*\.\*$/.test(text) || isNsid(text));

function distinct(
  given: readonly unknown[],
  what: string,
  most: number,
  isFit: (value: unknown) => value is string,
): string[] {
  const found = new Set<string>();
  for (const value of given) {
    if (!isFit(value)) throw invalidRequest(`${what}: ${JSON.stringify(value)?.slice(0, 100)} is none`);
    found.add(value);
    if (found.size > most) throw invalidRequest(`${what}: at most ${most}`);
  }
  return [...found].toSorted();
}

/** The options in a query string. Refuses InvalidRequest. */
export const queriedOptions = (query: URLSearchParams): JsonOptions =>
  optionsOf(
    query.getAll("wantedCollections"),
    query.getAll("wantedDids"),
    Number(query.get("maxMessageSizeBytes") ?? 0),
  );

/** A message that is not of the form `{ "type", "payload" }`. */
export class BadMessage extends Error {}

/**
 * The options in a reader's message; null if it is a message of another type, which is ignored. Throws
 * `BadMessage`. Refuses InvalidRequest for options that do not fit.
 */
export function updatedOptions(message: string): JsonOptions | null {
  const { type, payload } = parse(message);
  if (type !== "options_update") return null;
  if (!isJson(payload)) throw new BadMessage("options_update without a payload");
  const { wantedCollections, wantedDids, maxMessageSizeBytes } = payload;
  return optionsOf(names(wantedCollections), names(wantedDids), Number(maxMessageSizeBytes ?? 0));
}

function names(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new BadMessage("names come in a list");
  return value;
}

function parse(message: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    throw new BadMessage("the message is no JSON");
  }
  if (!isJson(value)) throw new BadMessage("the message is no object");
  return value;
}
