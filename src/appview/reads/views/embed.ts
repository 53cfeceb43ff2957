/** app.bsky.embed.*: views of what a post embeds. */
import type {
  AppBskyEmbedExternal,
  AppBskyEmbedGallery,
  AppBskyEmbedImages,
  AppBskyEmbedRecord,
  AppBskyEmbedRecordWithMedia,
  AppBskyEmbedVideo,
  AppBskyFeedDefs,
} from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { blobCid } from "../../../protocol/json.ts";
import { GENERATOR, LABELER, LIST, POST, STARTER_PACK, collectionOf, didOf } from "../../uris.ts";
import { externalView } from "./external.ts";
import { generatorView } from "./generator.ts";
import { labelerView } from "./labeler.ts";
import { listView } from "./list.ts";
import { blockedViewerState } from "./profile.ts";
import type { Pictures, Present } from "./present.ts";
import { postBlocks, viewerBlocks } from "./rules.ts";
import { starterPackBasic } from "./starter-pack.ts";
import type { Typed } from "./typed.ts";

/** Makes the view of a quoted post. Posts embed posts, so this function is passed in. */
export type QuotedView = (uri: ResourceUri, depth: number) => RecordView | undefined;
export type EmbedView = NonNullable<AppBskyFeedDefs.PostView["embed"]>;
export type RecordView = AppBskyEmbedRecord.View["record"];
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
const is = <Kind extends keyof Embeds>(
  embed: { $type?: string | undefined },
  kind: Kind,
): embed is Embeds[Kind] => embed.$type === kind;

/** Returns undefined for an unknown kind. `depth`: how many embeds deep this is, 1 for the post's own. */
export function embedView(
  present: Present,
  post: ResourceUri,
  embed: { $type?: string },
  depth: number,
  quoted: QuotedView,
): EmbedView | undefined {
  const media = mediaView(present, didOf(post), embed);
  if (media === null) return undefined;
  if (media !== undefined) return media;
  if (is(embed, "app.bsky.embed.record")) {
    return {
      $type: "app.bsky.embed.record#view",
      record: recordView(present, post, embed.record.uri, depth, quoted),
    };
  }
  if (!is(embed, "app.bsky.embed.recordWithMedia")) return undefined;
  const view = mediaView(present, didOf(post), embed.media);
  if (view === undefined) return undefined;
  const record = recordView(present, post, embed.record.record.uri, depth, quoted);
  return view === null
    ? { $type: "app.bsky.embed.record#view", record }
    : { $type: "app.bsky.embed.recordWithMedia#view", media: view, record: { record } };
}

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

/** Checks for blocked, then detached, then absent, in the reference's order. */
function recordView(
  present: Present,
  post: ResourceUri,
  uri: ResourceUri,
  depth: number,
  quoted: QuotedView,
): RecordView {
  const { facts } = present;
  const did = didOf(uri);
  if (viewerBlocks(facts, did) || postBlocks(facts, post).embed) {
    return {
      $type: "app.bsky.embed.record#viewBlocked",
      uri,
      blocked: true,
      author: { did, viewer: blockedViewerState(present, did) },
    };
  }
  const detached = { $type: "app.bsky.embed.record#viewDetached", uri, detached: true } as const;
  if (facts.posts.get(post)?.violatesEmbed) return detached;
  const found = embeddedView(present, uri, depth, quoted);
  if (found === undefined) return { $type: "app.bsky.embed.record#viewNotFound", uri, notFound: true };
  if (facts.postgates.get(uri)?.record.detachedEmbeddingUris?.includes(post)) return detached;
  return found;
}

function embeddedView(
  present: Present,
  uri: ResourceUri,
  depth: number,
  quoted: QuotedView,
): RecordView | undefined {
  switch (collectionOf(uri)) {
    case POST:
      return quoted(uri, depth);
    case GENERATOR:
      return typed("app.bsky.feed.defs#generatorView", generatorView(present, uri));
    case LIST:
      return typed("app.bsky.graph.defs#listView", listView(present, uri));
    case LABELER:
      return typed("app.bsky.labeler.defs#labelerView", labelerView(present, uri));
    case STARTER_PACK:
      return typed("app.bsky.graph.defs#starterPackViewBasic", starterPackBasic(present, uri));
    default:
      return undefined;
  }
}

const typed = <Type extends string, View extends object>($type: Type, view: View | undefined) =>
  view === undefined ? undefined : { ...view, $type };
