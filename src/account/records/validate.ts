/** Validates records against the lexicons that are known here. */
import { safeParse } from "@atcute/lexicons/validations";
import type { JsonObject, ValidationStatus } from "../../protocol/account-station.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import { isDatetime } from "../../protocol/syntax.ts";
import { knownRecords } from "./known-records.ts";
import { entryOf } from "../../protocol/json.ts";

/**
 * With `validate` false, checks nothing and returns no status. With true, refuses an unknown lexicon. Without
 * it, checks known lexicons and passes others as `unknown`. Refuses InvalidRequest.
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
  // Strict, so that a blob's allowed media types and size count.
  const asIs = safeParse(schema.object, record, { strict: true });
  const result = asIs.ok ? asIs : safeParse(schema.object, withoutYearZero(record), { strict: true });
  if (!result.ok) throw invalidRequest(`Invalid ${type} record: ${result.message}`);
  const negative = negativePlace(type, record);
  if (negative !== null) throw invalidRequest(`Invalid ${type} record: ${negative} can not be less than 0`);
  return "valid";
}

/** The library's schemas refuse year 0, which the lexicon spec allows. Year 4 has the same days. */
function withoutYearZero(record: JsonObject): JsonObject {
  const text = JSON.stringify(record);
  if (!text.includes('"0000-')) return record;
  return JSON.parse(text, (_, value: unknown) =>
    isDatetime(value) && value.startsWith("0000-") ? `0004${value.slice(4)}` : value,
  );
}

/** Fields that mark places in a text: app.bsky.richtext.facet#byteSlice, app.bsky.feed.post#textSlice. */
const MARKED: Readonly<Record<string, readonly string[]>> = {
  "app.bsky.feed.post": ["facets", "entities"],
  "app.bsky.feed.generator": ["descriptionFacets"],
  "app.bsky.graph.list": ["descriptionFacets"],
  "app.bsky.graph.starterpack": ["descriptionFacets"],
};

/** Finds a place below 0: the one rule of these lexicons that their generated schemas omit. */
function negativePlace(type: string, record: JsonObject): string | null {
  for (const name of entryOf(MARKED, type) ?? []) {
    const all = (record[name] ?? []) as { index: Record<string, unknown> }[];
    for (const [i, { index }] of all.entries()) {
      const found = Object.keys(index).find((key) => Number(index[key]) < 0);
      if (found !== undefined) return `${name}/${i}/index/${found}`;
    }
  }
  return null;
}
