/** app.bsky.embed.external#view. */
import type { AppBskyEmbedExternal } from "@atcute/bluesky";
import { blobCid } from "../../../protocol/json.ts";
import type { Pictures } from "./present.ts";
import type { Typed } from "./typed.ts";

export function externalView(
  { images }: Pictures,
  did: string,
  { external }: AppBskyEmbedExternal.Main,
): Typed<AppBskyEmbedExternal.View> {
  return {
    $type: "app.bsky.embed.external#view",
    external: {
      uri: external.uri,
      title: external.title,
      description: external.description,
      thumb: images.of("feed_thumbnail", did, blobCid(external.thumb)),
      associatedRefs: external.associatedRefs,
    },
  };
}
