/** The form of did:plc operations, and the bounds of their parts. */
import { encode } from "../../protocol/cbor.ts";
import { jsonToLex } from "../../protocol/data-model.ts";
import { isDidKey } from "../../protocol/keys.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import type { PlcOperation, PlcTombstone } from "./operation.ts";

const MAX_BYTES = 7_500;

const MAX_ENTRIES = 10;

const MAX_ID = 32;

const MAX_ALIAS = 258;

const MAX_KEY = 256;

const MAX_SERVICE_TYPE = 256;

const MAX_ENDPOINT = 512;

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
    return encode(jsonToLex(value)).length;
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
