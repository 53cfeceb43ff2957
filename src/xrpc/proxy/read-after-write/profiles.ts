/**
 * Updates an AppView's views of the member from their newest profile. Fields that only an AppView knows stay.
 */
import { type Json, blobCid, textOf } from "../../../protocol/json.ts";
import type { Local } from "./local.ts";

/**
 * app.bsky.actor.defs#profileViewBasic, as nested in other views. A field that the record no longer has is
 * removed.
 */
export function withOwnName(view: Json, { did, profile, images }: Local): Json {
  return {
    ...view,
    displayName: profile?.displayName,
    pronouns: profile?.pronouns,
    avatar: images.of("avatar", did, blobCid(profile?.avatar)),
  };
}

/** app.bsky.actor.defs#profileViewDetailed. */
export function withOwnProfile(view: Json, local: Local): Json {
  const { did, profile, images } = local;
  const website = textOf(profile?.website);
  return {
    ...withOwnName(view, local),
    description: profile?.description,
    website: website?.startsWith("https://") ? website : undefined,
    banner: images.of("banner", did, blobCid(profile?.banner)),
    pinnedPost: profile?.pinnedPost,
  };
}
