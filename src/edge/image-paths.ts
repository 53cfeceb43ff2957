/** The paths of pictures and blobs, and the presets that they name. */
import type { Did } from "@atcute/lexicons";
import { isDid } from "@atcute/lexicons/syntax";
import type { ImagePreset } from "../appview/images.ts";
import { isCid } from "../protocol/cid.ts";
import { invalidRequest } from "../protocol/refusal.ts";

type Format = "jpeg" | "webp";

export interface Wanted {
  did: Did;
  cid: string;
}

/** Clients replace `avatar` with `avatar_thumbnail` for small avatars; no view names it. */
type Preset = ImagePreset | "avatar_thumbnail";

interface WantedImage extends Wanted {
  preset: Preset;
  format: Format;
}

/**
 * Maximum size in pixels; nothing is enlarged. `crop` fills the shape, `scale-down` keeps the picture's own.
 */
export const PRESETS: Record<Preset, { width: number; height: number; fit: "crop" | "scale-down" }> = {
  avatar: { width: 1000, height: 1000, fit: "crop" },
  avatar_thumbnail: { width: 128, height: 128, fit: "crop" },
  banner: { width: 3000, height: 1000, fit: "crop" },
  feed_thumbnail: { width: 1000, height: 1000, fit: "scale-down" },
  feed_fullsize: { width: 2000, height: 2000, fit: "scale-down" },
};

const isPreset = (text: string): text is Preset => Object.hasOwn(PRESETS, text);

const isFormat = (text: string): text is Format => text === "jpeg" || text === "webp";

export function wanted(did: string, cid: string): Wanted {
  const account = unescaped(did);
  if (!isDid(account)) throw invalidRequest("Invalid did");
  if (!isCid(cid)) throw invalidRequest("Invalid cid");
  return { did: account, cid };
}

/** Decodes percent-encoding (RFC 3986, section 2.1). Null if it is malformed. */
function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Refuses InvalidRequest for a path that no view names. */
export function parseImagePath(path: string): WantedImage {
  const [, preset = "", did = "", cid = "", format = "webp"] =
    /^\/img\/([^/]+)\/plain\/([^/]+)\/([^/@]+)(?:@([^/]+))?$/.exec(path) ?? [];
  if (did === "") throw invalidRequest("Invalid path");
  if (!isPreset(preset)) throw invalidRequest("Invalid path: bad preset");
  if (!isFormat(format)) throw invalidRequest("Invalid path: bad format");
  return { ...wanted(did, cid), preset, format };
}
