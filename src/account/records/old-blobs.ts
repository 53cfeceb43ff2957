/**
 * Upgrades the pictures of old profiles, so that a client can write one back without being refused its own
 * picture: blob references from before they were typed, and references that do not know their size (-1).
 */
import type { JsonObject } from "../../protocol/account-station.ts";
import { isMap } from "../../protocol/data-model.ts";
import { storedSize } from "../blobs.ts";
import type { Rows } from "../../protocol/object/sql.ts";

const PROFILE = "app.bsky.actor.profile";

/**
 * Returns a profile with its avatar and banner as typed blobs with a size, which is 0 if the blob is not here;
 * other records unchanged.
 */
export function upgradeOldBlobs(rows: Rows, collection: string, record: JsonObject): JsonObject {
  if (collection !== PROFILE) return record;
  const upgraded = { ...record };
  for (const field of ["avatar", "banner"]) {
    const blob = record[field];
    if (!isMap(blob)) continue;
    const { $type, cid, ref, mimeType, size } = blob;
    const link = $type === undefined ? cid : size === -1 && isMap(ref) ? ref["$link"] : undefined;
    if (typeof link !== "string" || typeof mimeType !== "string") continue;
    upgraded[field] = { $type: "blob", ref: { $link: link }, mimeType, size: storedSize(rows, link) ?? 0 };
  }
  return upgraded;
}
