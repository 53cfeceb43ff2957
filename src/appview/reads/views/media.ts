/** Views of embedded media: images, galleries, videos, and links. */
import type {
  AppBskyEmbedExternal,
  AppBskyEmbedGallery,
  AppBskyEmbedImages,
  AppBskyEmbedRecord,
  AppBskyEmbedRecordWithMedia,
  AppBskyEmbedVideo,
} from "@atcute/bluesky";
import type { Did } from "@atcute/lexicons";
import { blobCid } from "../../../protocol/json.ts";
import { externalView } from "./external.ts";
import type { Pictures } from "./present.ts";
import type { Typed } from "./typed.ts";

/** How many gallery items clients currently accept. */
const GALLERY_ITEMS = 10;

/** By `$type`, as records were checked to have them. */
interface Embeds {
  "app.bsky.embed.images": AppBskyEmbedImages.Main;
  "app.bsky.embed.gallery": AppBskyEmbedGallery.Main;
  "app.bsky.embed.external": AppBskyEmbedExternal.Main;
  "app.bsky.embed.video": AppBskyEmbedVideo.Main;
  "app.bsky.embed.record": AppBskyEmbedRecord.Main;
  "app.bsky.embed.recordWithMedia": AppBskyEmbedRecordWithMedia.Main;
}

/** Whether an embed is of this kind. */
export const is = <Kind extends keyof Embeds>(
  embed: { $type?: string | undefined },
  kind: Kind,
): embed is Embeds[Kind] => embed.$type === kind;

type MediaView = AppBskyEmbedRecordWithMedia.View["media"];

/**
 * Returns undefined for an embed that is not media, or of an unknown kind; null for a video that is taken down.
 * Pictures that are taken down are left out.
 */
export function mediaView(
  present: Pictures,
  did: Did,
  embed: { $type?: string },
): MediaView | null | undefined {
  if (is(embed, "app.bsky.embed.images")) return imagesView(present, did, embed);
  if (is(embed, "app.bsky.embed.gallery")) return galleryView(present, did, embed);
  if (is(embed, "app.bsky.embed.external")) return externalView(present, did, embed);
  return is(embed, "app.bsky.embed.video") ? videoView(present, did, embed) : undefined;
}

function videoView(
  { images }: Pictures,
  did: Did,
  { video, alt, aspectRatio, presentation }: AppBskyEmbedVideo.Main,
): Typed<AppBskyEmbedVideo.View> | null {
  const cid = blobCid(video) ?? "";
  if (images.isHidden(did, cid)) return null;
  return {
    $type: "app.bsky.embed.video#view",
    cid,
    playlist: images.playlist(did, cid),
    thumbnail: images.videoThumbnail(did, cid),
    alt,
    aspectRatio,
    presentation,
  };
}

function imagesView(
  { images }: Pictures,
  did: Did,
  embed: AppBskyEmbedImages.Main,
): Typed<AppBskyEmbedImages.View> {
  return {
    $type: "app.bsky.embed.images#view",
    images: embed.images.flatMap(({ image, alt, aspectRatio }) => {
      const cid = blobCid(image) ?? "";
      if (images.isHidden(did, cid)) return [];
      return [
        {
          thumb: images.named("feed_thumbnail", did, cid),
          fullsize: images.named("feed_fullsize", did, cid),
          alt,
          aspectRatio,
        },
      ];
    }),
  };
}

function galleryView(
  { images }: Pictures,
  did: Did,
  embed: AppBskyEmbedGallery.Main,
): Typed<AppBskyEmbedGallery.View> {
  return {
    $type: "app.bsky.embed.gallery#view",
    items: embed.items.slice(0, GALLERY_ITEMS).flatMap((item) => {
      if (item.$type !== "app.bsky.embed.gallery#image") return [];
      const cid = blobCid(item.image) ?? "";
      if (images.isHidden(did, cid)) return [];
      return [
        {
          $type: "app.bsky.embed.gallery#viewImage" as const,
          thumbnail: images.named("feed_thumbnail", did, cid),
          fullsize: images.named("feed_fullsize", did, cid),
          alt: item.alt,
          aspectRatio: item.aspectRatio,
        },
      ];
    }),
  };
}
