/**
 * Identifier syntax (specs of DID, handle, NSID, record key, TID, AT URI; lexicon spec, "String Formats").
 */
import {
  isActorIdentifier,
  isDid,
  isHandle,
  isNsid,
  isRecordKey,
  isResourceUri,
} from "@atcute/lexicons/syntax";
import type { Did, Handle, Nsid, ResourceUri } from "@atcute/lexicons";
import { invalidRequest } from "./refusal.ts";

export { isActorIdentifier as isAtIdentifier, isDid, isHandle, isNsid, isRecordKey };

/** The parts of an AT URI. */
export interface AtUri {
  /** A DID or a handle. */
  repo: string;
  collection?: Nsid;
  rkey?: string;
}

/** Whether text is `at://repo[/collection[/rkey]]`, without fragment or query, as lexicons define it. */
export const isAtUri = (text: unknown): text is ResourceUri =>
  typeof text === "string" && !text.includes("#") && isResourceUri(text);

const DATETIME =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,20})?(?:Z|(?!-00:00)[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const YEAR_ZERO = -62167219200000;

/** Whether text is RFC 3339 as the lexicon spec narrows it, and an existing moment in year 0 or later. */
export const isDatetime = (text: unknown): text is string =>
  typeof text === "string" && text.length <= 64 && DATETIME.test(text) && Date.parse(text) >= YEAR_ZERO;

const URI = /^[a-zA-Z][a-zA-Z0-9+.-]{0,80}:(?:\/\/)?[^\s/][^\s]*$/;

/** Whether text has the form of a URI, of at most 8192 characters. Its content is not checked. */
export const isUri = (text: unknown): text is string =>
  typeof text === "string" && text.length <= 8192 && URI.test(text);

// RFC 5646: language[-extlang][-script][-region][-variant…][-extension…][-private use].
const LANGUAGE =
  /^[a-z]{2,3}(?:-[a-zA-Z]{3}){0,3}(?:-[a-zA-Z]{4})?(?:-(?:[a-zA-Z]{2}|\d{3}))?((?:-(?:[a-zA-Z0-9]{5,8}|\d[a-zA-Z0-9]{3}))*)((?:-[0-9a-wyzA-WYZ](?:-[a-zA-Z0-9]{2,8})+)*)(?:-[xX](?:-[a-zA-Z0-9]{1,8})+)?$/;
const PRIVATE_LANGUAGE = /^[xX](?:-[a-zA-Z0-9]{1,8})+$/;
const GRANDFATHERED: ReadonlySet<string> = new Set(
  (
    "en-GB-oed i-ami i-bnn i-default i-enochian i-hak i-klingon i-lux i-mingo i-navajo i-pwn i-tao i-tay i-tsu " +
    "sgn-BE-FR sgn-BE-NL sgn-CH-DE art-lojban cel-gaulish no-bok no-nyn zh-guoyu zh-hakka zh-min zh-min-nan zh-xiang"
  ).split(" "),
);

const repeats = (parts: string[]): boolean => new Set(parts).size < parts.length;

/**
 * Whether text is a BCP 47 language tag: well-formed, with no variant or extension twice (RFC 5646, section
 * 2.2.9).
 */
export function isLanguage(text: unknown): text is string {
  if (typeof text !== "string" || text.length > 128) return false;
  if (GRANDFATHERED.has(text) || PRIVATE_LANGUAGE.test(text)) return true;
  const match = LANGUAGE.exec(text);
  if (match === null) return false;
  const parts = (group: string | undefined) => (group ?? "").toLowerCase().split("-").slice(1);
  return !repeats(parts(match[1])) && !repeats(parts(match[2]).filter((part) => part.length === 1));
}

/**
 * Whether text is a CID in any multibase: the syntax of a lexicon's `cid` format. For CIDs that a repo may
 * hold, see `isCid` in cid.ts.
 */
export const isCidSyntax = (text: unknown): text is string =>
  typeof text === "string" && /^[a-zA-Z0-9+]{8,256}$/.test(text) && !/^Qmb[a-zA-Z0-9]+/.test(text);

/** Whether text is a record's path in its repo, `collection/rkey`, as used for MST keys. */
export function isRecordPath(path: string): boolean {
  const slash = path.indexOf("/");
  return isNsid(path.slice(0, slash)) && isRecordKey(path.slice(slash + 1)) && slash > 0;
}

/** Parses an AT URI. Refuses InvalidRequest. */
export function parseAtUri(uri: string): AtUri {
  if (!isAtUri(uri)) throw invalidRequest(`Invalid AT URI: ${uri.slice(0, 200)}`);
  const [repo = "", collection, rkey] = uri.slice(5).split("/");
  return {
    repo,
    ...(collection !== undefined && isNsid(collection) ? { collection } : {}),
    ...(rkey === undefined ? {} : { rkey }),
  };
}

/** Handles are compared without case; lower case is their normal form. */
const normalizeHandle = (handle: string): string => handle.toLowerCase();

export function ensureDid(text: string): Did {
  if (!isDid(text)) throw invalidRequest(`Invalid DID: ${text.slice(0, 200)}`);
  return text;
}

/** Normalises a handle. Refuses InvalidRequest. */
export function ensureHandle(text: string): Handle {
  const handle = normalizeHandle(text);
  if (!isHandle(handle)) throw invalidRequest(`Invalid handle: ${text.slice(0, 200)}`);
  return handle;
}
