/**
 * Reads DID documents (DID Core, as the atproto DID spec uses it). Pure. Nothing in a document is trusted.
 */
import type { Did, Handle } from "@atcute/lexicons";
import {
  P256_JWT_ALG,
  SECP256K1_JWT_ALG,
  formatDidKey,
  multibaseToBytes,
  parseMultikey,
} from "@atproto/crypto";
import { isHandle } from "../protocol/syntax.ts";

/** A document whose `id` was checked; every other field is unchecked input from its owner. */
export interface DidDocument {
  id: Did;
  [field: string]: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The document, if its `id` is this DID; else null. */
export function parseDidDocument(did: Did, value: unknown): DidDocument | null {
  return isObject(value) && value.id === did ? { ...value, id: did } : null;
}

/** Most entries that are kept of each list of a document, and the longest texts and document, in characters. */
const ENTRIES_MAX = 8;
const TEXT_MAX = 512;
const DOCUMENT_MAX = 4_096;

const isShort = (value: unknown): value is string => typeof value === "string" && value.length <= TEXT_MAX;

/** The text fields among `names`. Null if one of them is anything but a short text. */
function texts(entry: Record<string, unknown>, names: readonly string[]): Record<string, string> | null {
  const kept: Record<string, string> = {};
  for (const name of names) {
    const value = entry[name];
    if (value === undefined) continue;
    if (!isShort(value)) return null;
    kept[name] = value;
  }
  return kept;
}

/**
 * The part of a document that this host keeps: the fields that atproto uses, a few entries of each. Null if
 * even that is too long to keep.
 */
export function essentialDocument(document: DidDocument): DidDocument | null {
  const list = (field: string, names: readonly string[]) =>
    entries(document, field)
      .map((entry) => texts(entry, names))
      .filter((entry) => entry !== null)
      .slice(0, ENTRIES_MAX);
  const strings = (field: string) => {
    const value = document[field];
    return Array.isArray(value) ? value.filter(isShort).slice(0, ENTRIES_MAX) : undefined;
  };
  const kept = {
    ...(document["@context"] === undefined ? {} : { "@context": strings("@context") }),
    id: document.id,
    alsoKnownAs: strings("alsoKnownAs"),
    verificationMethod: list("verificationMethod", ["id", "type", "controller", "publicKeyMultibase"]),
    service: list("service", ["id", "type", "serviceEndpoint"]),
  };
  return JSON.stringify(kept).length > DOCUMENT_MAX ? null : kept;
}

function entries(document: DidDocument, field: string): Record<string, unknown>[] {
  const list = document[field];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** The first entry with this fragment (`#atproto`), written with or without the preceding DID. */
function entryOf(
  document: DidDocument,
  field: string,
  fragment: string,
): Record<string, unknown> | undefined {
  return entries(document, field).find(({ id }) => id === fragment || id === `${document.id}${fragment}`);
}

/** The handle that the document claims. Whether it resolves back is not checked. */
export function claimedHandle(document: DidDocument): Handle | null {
  const aliases = Array.isArray(document.alsoKnownAs) ? document.alsoKnownAs : [];
  const alias = aliases.find((each) => typeof each === "string" && each.startsWith("at://"));
  const name = typeof alias === "string" ? alias.slice("at://".length).toLowerCase() : null;
  return isHandle(name) ? name : null;
}

/** URL of the service with this fragment (`#atproto_pds`), and with this type if one is given. */
export function serviceEndpoint(document: DidDocument, fragment: string, type?: string): string | null {
  const service = entryOf(document, "service", fragment);
  if (!service || (type !== undefined && service.type !== type)) return null;
  const endpoint = service.serviceEndpoint;
  if (typeof endpoint !== "string") return null;
  const url = URL.parse(endpoint);
  return url && (url.protocol === "https:" || url.protocol === "http:") ? endpoint : null;
}

export const pdsEndpoint = (document: DidDocument): string | null =>
  serviceEndpoint(document, "#atproto_pds", "AtprotoPersonalDataServer");

/** Longest key that is read; an uncompressed point has 89 characters. Base58 takes quadratic time. */
const MAX_KEY_LENGTH = 100;

/** The verification method `#<id>` as a did:key, from Multikey or from the two older formats. */
export function verificationKey(document: DidDocument, id: string): string | null {
  const method = entryOf(document, "verificationMethod", `#${id}`);
  const key = method?.publicKeyMultibase;
  if (typeof key !== "string" || !key.startsWith("z") || key.length > MAX_KEY_LENGTH) return null;
  try {
    if (method?.type === "Multikey") {
      const { jwtAlg, keyBytes } = parseMultikey(key);
      return formatDidKey(jwtAlg, keyBytes);
    }
    const algorithm = LEGACY_TYPES.get(method?.type);
    return algorithm === undefined ? null : formatDidKey(algorithm, multibaseToBytes(key));
  } catch {
    // An unknown curve, or no point on it.
    return null;
  }
}

/** The older key types, which name the curve and hold the bare point, compressed or not. */
const LEGACY_TYPES = new Map<unknown, string>([
  ["EcdsaSecp256r1VerificationKey2019", P256_JWT_ALG],
  ["EcdsaSecp256k1VerificationKey2019", SECP256K1_JWT_ALG],
]);
