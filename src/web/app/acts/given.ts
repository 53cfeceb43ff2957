/** Checks the fields that forms of the app send. */
import type { ResourceUri } from "@atcute/lexicons";
import { isDid, isRecordKey, isResourceUri } from "@atcute/lexicons/syntax";
import { GENERATOR, collectionOf, didOf, isPostUri, rkeyOf } from "../../../appview/uris.ts";
import { invalidRequest } from "../../../protocol/refusal.ts";
import type { Fields } from "../../forms.ts";

/** The path to come back to: one of this host, whatever the form says. */
export function backOf(fields: Fields, otherwise = "/"): string {
  const back = fields.get("back") ?? "";
  return /^\/(?![/\\])[^\s\\]*$/.test(back) ? back : otherwise;
}

/** A field of JSON; null if it has none, or something else. */
export function parsedField(fields: Fields, name: string): unknown {
  try {
    return JSON.parse(fields.get(name) ?? "null");
  } catch {
    return null;
  }
}

/** Refuses InvalidRequest. */
export function postIn(fields: Fields): ResourceUri {
  const uri = fields.get("uri") ?? "";
  if (!isPostUri(uri)) throw invalidRequest("Invalid post");
  return uri as ResourceUri;
}

/** Whether a text is the address of a feed's record. */
export const isFeedUri = (uri: unknown): uri is ResourceUri =>
  isResourceUri(uri) && isDid(didOf(uri)) && collectionOf(uri) === GENERATOR && rkeyOf(uri) !== "";

/** Refuses InvalidRequest. */
export function rkeyIn(text: string | undefined): string {
  if (text === undefined || !isRecordKey(text)) throw invalidRequest("Invalid record key");
  return text;
}
