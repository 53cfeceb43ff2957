/**
 * The rules by which a did:plc directory accepts operations (did:plc spec v0.3, and its server's limits):
 * form, then order and authority. Pure.
 */
import { Buffer } from "node:buffer";
import { encode } from "@ipld/dag-cbor";
import { isDidKey, verify } from "../../protocol/keys.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import {
  didOfGenesis,
  signedBytes,
  stateOf,
  type AnyOperation,
  type PlcOperation,
  type PlcTombstone,
} from "./operation.ts";

const MAX_BYTES = 7_500;
const MAX_ENTRIES = 10;
const MAX_ID = 32;
const MAX_ALIAS = 258;
const MAX_KEY = 256;
const MAX_SERVICE_TYPE = 256;
const MAX_ENDPOINT = 512;
const HOUR = 3_600_000;
/** How long a key of higher authority may undo an operation signed by a lower one. */
const RECOVERY_WINDOW = 72 * HOUR;

/** An accepted operation. `createdAt` in milliseconds of the Unix epoch. */
export interface LoggedOperation {
  cid: string;
  operation: AnyOperation;
  createdAt: number;
}

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Checks a submitted operation: a creation, update or tombstone within the limits. Refuses InvalidRequest.
 */
export function parseOperation(value: unknown): PlcOperation | PlcTombstone {
  if (sizeOf(value) > MAX_BYTES) {
    throw invalidRequest(`Operation too large (${MAX_BYTES} bytes maximum in cbor encoding)`);
  }
  if (isTombstone(value)) return value;
  if (!isOperation(value)) throw invalidRequest("Not a valid operation");
  const { alsoKnownAs, rotationKeys, services, verificationMethods } = value;
  const refuse = (what: string): never => {
    throw invalidRequest(what);
  };
  const counts = {
    alsoKnownAs: alsoKnownAs.length,
    rotationKeys: rotationKeys.length,
    services: Object.keys(services).length,
    verificationMethods: Object.keys(verificationMethods).length,
  };
  for (const [field, count] of Object.entries(counts)) {
    if (count > MAX_ENTRIES) refuse(`Too many ${field} entries (max ${MAX_ENTRIES})`);
  }
  if (alsoKnownAs.some((alias) => alias.length > MAX_ALIAS)) {
    refuse(`alsoKnownAs entry too long (max ${MAX_ALIAS})`);
  }
  if (new Set(alsoKnownAs).size < alsoKnownAs.length) refuse("Duplicate alsoKnownAs entry");
  for (const key of rotationKeys) if (!isDidKey(key)) refuse(`Invalid rotationKey: ${key}`);
  for (const id of [...Object.keys(services), ...Object.keys(verificationMethods)]) {
    if (id.length > MAX_ID) refuse(`Id too long (max ${MAX_ID}): ${id}`);
  }
  for (const { type, endpoint } of Object.values(services)) {
    if (type.length > MAX_SERVICE_TYPE) refuse(`Service type too long (max ${MAX_SERVICE_TYPE})`);
    if (endpoint.length > MAX_ENDPOINT) refuse(`Service endpoint too long (max ${MAX_ENDPOINT})`);
  }
  for (const key of Object.values(verificationMethods)) {
    // Any kind of key is allowed; only the form is checked.
    if (key.length > MAX_KEY || !/^did:key:z[1-9A-HJ-NP-Za-km-z]+$/.test(key)) {
      refuse(`Invalid verificationMethod key: ${key}`);
    }
  }
  return value;
}

function sizeOf(value: unknown): number {
  try {
    return encode(value).length;
  } catch {
    throw invalidRequest("Not a valid operation");
  }
}

function isTombstone(value: unknown): value is PlcTombstone {
  return (
    isFields(value) &&
    value.type === "plc_tombstone" &&
    typeof value.prev === "string" &&
    typeof value.sig === "string"
  );
}

function isOperation(value: unknown): value is PlcOperation {
  const isString = (each: unknown) => typeof each === "string";
  const strings = (list: unknown) => Array.isArray(list) && list.every(isString);
  return (
    isFields(value) &&
    value.type === "plc_operation" &&
    strings(value.rotationKeys) &&
    strings(value.alsoKnownAs) &&
    isFields(value.verificationMethods) &&
    Object.values(value.verificationMethods).every(isString) &&
    isFields(value.services) &&
    Object.values(value.services).every(
      (service) => isFields(service) && isString(service.type) && isString(service.endpoint),
    ) &&
    (value.prev === null || isString(value.prev)) &&
    isString(value.sig)
  );
}

/**
 * Checks that `proposed`, submitted at `at` (milliseconds), may follow the DID's valid operations `log`.
 * @returns CIDs of the operations that it undoes. Refuses InvalidRequest.
 */
export async function checkNext(
  did: string,
  log: readonly LoggedOperation[],
  proposed: AnyOperation,
  at: number,
): Promise<string[]> {
  if (log.length === 0) {
    await checkGenesis(did, proposed);
    return [];
  }
  const fork = log.findIndex(({ cid }) => cid === proposed.prev);
  const last = log[fork]?.operation;
  if (last === undefined || last.type === "plc_tombstone") throw misordered();
  const { rotationKeys } = stateOf(last);
  const undone = log.slice(fork + 1);
  const [first] = undone;
  if (first === undefined) {
    await signerOf(proposed, rotationKeys);
    return [];
  }
  const disputed = await signerOf(first.operation, rotationKeys);
  await signerOf(proposed, rotationKeys.slice(0, rotationKeys.indexOf(disputed)));
  if (at <= (log.at(-1)?.createdAt ?? 0)) throw misordered();
  if (at - first.createdAt > RECOVERY_WINDOW) {
    throw invalidRequest(
      `Recovery operation occured outside of the allowed 72 hr recovery window. Time lapsed: ${at - first.createdAt}`,
    );
  }
  return undone.map(({ cid }) => cid);
}

async function checkGenesis(did: string, operation: AnyOperation): Promise<void> {
  if (operation.type === "plc_tombstone") throw misordered();
  await signerOf(operation, stateOf(operation).rotationKeys);
  const expected = didOfGenesis(operation);
  if (expected !== did) {
    throw invalidRequest(`Hash of genesis operation does not match DID identifier: ${expected}`);
  }
  if (operation.prev !== null) {
    throw invalidRequest("Improperly formatted operation, expected null prev on create");
  }
}

/**
 * The key, of those allowed, that signed the operation. Only the canonical base64url of a signature is
 * accepted, because another spelling would give another CID. Refuses InvalidRequest.
 */
async function signerOf(operation: AnyOperation, allowed: readonly string[]): Promise<string> {
  const signature = decodeSignature(operation.sig);
  const bytes = signedBytes(operation);
  for (const key of allowed) if (signature && (await verify(key, bytes, signature))) return key;
  throw invalidRequest("Invalid signature on op");
}

function decodeSignature(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : null;
}

const misordered = () => invalidRequest("Operations not correctly ordered");
