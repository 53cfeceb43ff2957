/**
 * Upgrades profiles from before typed blob references, so that a client can write one back without being
 * refused its own picture.
 */
import type { JsonObject } from "../../protocol/account-station.ts";
import { isMap } from "../../protocol/data-model.ts";
import type { Rows } from "../../protocol/object/sql.ts";
import { locateBlob } from "../blobs.ts";

const PROFILE = "app.bsky.actor.profile";

/** Returns a profile with any `{cid, mimeType}` avatar or banner as a typed blob; other records unchanged. */
export function upgradeLegacyBlobs(rows: Rows, collection: string, record: JsonObject): JsonObject {
  if (collection !== PROFILE) return record;
  const upgraded = { ...record };
  for (const field of ["avatar", "banner"]) {
    const blob = record[field];
    if (!isMap(blob) || blob["$type"] !== undefined) continue;
    const { cid, mimeType } = blob;
    if (typeof cid !== "string" || typeof mimeType !== "string") continue;
    upgraded[field] = { $type: "blob", ref: { $link: cid }, mimeType, size: locateBlob(rows, cid).size };
  }
  return upgraded;
}
