/** Records against their lexicons, for the lexicons that are known here. */
import { safeParse } from "@atcute/lexicons/validations";
import type { JsonObject, ValidationStatus } from "../protocol/account-station.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import { knownRecords } from "./known-records.ts";

/**
 * `validate` false: no check, no status. True: an unknown lexicon is refused. Absent: known ones are checked, others
 * are let through as `unknown`. Refuses InvalidRequest.
 */
export function validateRecord(
  type: string,
  rkey: string,
  record: JsonObject,
  validate: boolean | undefined,
): ValidationStatus | undefined {
  if (validate === false) return undefined;
  const schema = knownRecords.get(type);
  if (schema === undefined) {
    if (validate === true) throw invalidRequest(`Unknown lexicon type: ${type}`);
    return "unknown";
  }
  const key = safeParse(schema.key, rkey);
  if (!key.ok) throw invalidRequest(`Invalid record key for ${type}: ${key.message}`);
  // Strict: what a blob may be (media type, size) counts.
  const result = safeParse(schema.object, record, { strict: true });
  if (!result.ok) throw invalidRequest(`Invalid ${type} record: ${result.message}`);
  return "valid";
}
