/**
 * Prepares records for writing: checks them against the data model and their lexicon, encodes them, and finds
 * their references.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { isNsid, isDid, isRecordKey, isResourceUri } from "@atcute/lexicons/syntax";
import type { JsonObject, ValidationStatus } from "../../protocol/account-station.ts";
import { encode } from "../../protocol/cbor.ts";
import { DAG_CBOR, cidFromDigest, isCid, sha256 } from "../../protocol/cid.ts";
import { isMap, jsonToLex, RECORD_BYTES } from "../../protocol/data-model.ts";
import type { LexMap, LexValue } from "../../protocol/data-model.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import { hasExplicitSlur } from "./slurs.ts";
import { validateRecord } from "./validate.ts";

export interface BlobRef {
  cid: string;
  mimeType: string;
  size: number;
}

export interface PreparedPut {
  action: "create" | "update";
  /** `collection/rkey` */
  path: string;
  collection: string;
  value: LexMap;
  bytes: Uint8Array;
  /** SHA-256 of `bytes`, the varying part of the CID. */
  digest: Uint8Array;
  cid: string;
  blobs: BlobRef[];
  subject: Subject | null;
  validationStatus?: ValidationStatus;
}
interface PreparedDelete {
  action: "delete";
  path: string;
}
export type Prepared = PreparedPut | PreparedDelete;

const MAX_KEY = 1024;

export const pathOf = (collection: string, rkey: string) => `${collection}/${rkey}`;

export const uriOf = (did: Did, path: string): ResourceUri => `at://${did}/${path}` as ResourceUri;

/** Checks the collection and rkey of any record, and returns its path. Refuses InvalidRequest. */
export function checkPath(collection: string, rkey: string): string {
  if (!isNsid(collection)) throw invalidRequest(`Invalid collection: ${collection.slice(0, 100)}`);
  if (!isRecordKey(rkey) || collection.length + rkey.length >= MAX_KEY) {
    throw invalidRequest(`Invalid record key: ${rkey.slice(0, 100)}`);
  }
  return pathOf(collection, rkey);
}

/** Checks a record key that the client chose. Refuses InvalidRequest. */
export function checkChosenKey(rkey: string): void {
  if (hasExplicitSlur(rkey)) throw invalidRequest("Unacceptable slur in record key");
}

/**
 * Prepares a create or an update. Refuses InvalidRequest for a bad path, another `$type` than the collection,
 * a record that its lexicon or the data model rules out, a legacy blob, and a record above 1 MiB.
 */
export function prepareRecord(
  action: PreparedPut["action"],
  collection: string,
  rkey: string,
  json: JsonObject,
  validate: boolean | undefined,
): PreparedPut {
  const path = checkPath(collection, rkey);
  const given = jsonToLex(json);
  const type = given["$type"];
  if (type !== undefined && type !== collection) {
    throw invalidRequest(`Invalid $type: expected ${collection}, got ${JSON.stringify(type).slice(0, 100)}`);
  }
  const value: LexMap = type === undefined ? { ...given, $type: collection } : given;
  const validationStatus = validateRecord(collection, rkey, value, validate);
  const blobs = blobsOf(value, (cid) => {
    throw invalidRequest(`Legacy blobs are not allowed (${cid})`);
  });
  const bytes = encode(value);
  if (bytes.byteLength > RECORD_BYTES) throw invalidRequest("Record too large. Max: 1 MiB");
  const digest = sha256(bytes);
  const cid = cidFromDigest(DAG_CBOR, digest);
  const subject = subjectOf(collection, value);
  const prepared: PreparedPut = { action, path, collection, value, bytes, digest, cid, blobs, subject };
  if (validationStatus !== undefined) prepared.validationStatus = validationStatus;
  return prepared;
}

// ---------------------------------------------------------------------------------------------- blobs

/** Every blob that a record refers to, in any field. Calls `onLegacy` for each `{cid, mimeType}` blob. */
function blobsOf(value: LexValue | undefined, onLegacy: (cid: string) => void): BlobRef[] {
  const found: BlobRef[] = [];
  const visit = (item: LexValue | undefined): void => {
    if (Array.isArray(item)) return item.forEach(visit);
    if (!isMap(item)) return;
    const { $type, ref, mimeType, size, cid } = item;
    const link = isMap(ref) ? ref["$link"] : undefined;
    if ($type === "blob" && typeof link === "string" && typeof mimeType === "string") {
      found.push({ cid: link, mimeType, size: Number(size) });
    } else if (typeof cid === "string" && typeof mimeType === "string" && Object.keys(item).length === 2) {
      onLegacy(cid);
    } else {
      for (const key of Object.keys(item)) visit(item[key]);
    }
  };
  visit(value);
  return found;
}

/** CIDs of all blobs that a stored record refers to, legacy ones included. What is no CID refers to none. */
export function blobCidsOf(value: LexValue): string[] {
  const legacy: string[] = [];
  const cids = blobsOf(value, (cid) => legacy.push(cid)).map((blob) => blob.cid);
  return [...cids, ...legacy].filter(isCid);
}

// ---------------------------------------------------------------------------------------------- subjects

/** The subject of a like, repost, follow or block. */
export interface Subject {
  of: string;
  /** 48 bits. A handful of records share a hash at most, and each is checked before it counts. */
  hash: number;
}

const ABOUT_ACTOR = new Set(["app.bsky.graph.follow", "app.bsky.graph.block"]);
const ABOUT_RECORD = new Set(["app.bsky.feed.like", "app.bsky.feed.repost"]);

/** A record's subject; null for records of which a repo may hold many about one subject. */
export function subjectOf(collection: string, record: LexMap): Subject | null {
  const { subject } = record;
  let of: LexValue | undefined;
  if (ABOUT_ACTOR.has(collection)) of = isDid(subject) ? subject : undefined;
  else if (ABOUT_RECORD.has(collection)) {
    const uri = isMap(subject) ? subject["uri"] : undefined;
    of = isResourceUri(uri) ? uri : undefined;
  }
  if (typeof of !== "string") return null;
  const digest = sha256(new TextEncoder().encode(`${collection}\0${of}`));
  let hash = 0;
  for (let i = 0; i < 6; i++) hash = hash * 256 + (digest[i] ?? 0);
  return { of, hash };
}
