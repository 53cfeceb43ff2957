/** The member's own new posts, as their AppView will show them: without replies, likes or reposts yet. */
import type { AppBskyFeedDefs, AppBskyFeedPost } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { isoOf } from "../../../appview/instants.ts";
import { blobCid } from "../../../protocol/json.ts";
import type { EmbedView, RecordView } from "../../../appview/reads/views/embed.ts";
import { mediaView } from "../../../appview/reads/views/media.ts";
import { selfLabels } from "../../../appview/reads/views/labels.ts";
import type { Plain } from "../../../appview/reads/views/typed.ts";
import type { Local, LocalPost } from "./local.ts";

export type OwnPostView = Plain<AppBskyFeedDefs.PostView>;

/**
 * Views of quoted records, by URI. A record that could not be fetched is absent, and its quote is left out.
 */
export type Quotes = ReadonlyMap<string, RecordView>;

export function quotedUri({ embed }: AppBskyFeedPost.Main): ResourceUri | undefined {
  switch (embed?.$type) {
    case "app.bsky.embed.record":
      return embed.record.uri;
    case "app.bsky.embed.recordWithMedia":
      return embed.record.record.uri;
    default:
      return undefined;
  }
}

export function postView(local: Local, { uri, cid, record, sort }: LocalPost, quotes: Quotes): OwnPostView {
  const { did, handle, profile, images } = local;
  return {
    uri,
    cid,
    author: {
      did,
      handle,
      displayName: profile?.displayName,
      pronouns: profile?.pronouns,
      avatar: images.of("avatar", did, blobCid(profile?.avatar)),
    },
    record,
    embed: embedView(local, record, quotes),
    replyCount: 0,
    repostCount: 0,
    likeCount: 0,
    quoteCount: 0,
    indexedAt: isoOf(sort),
    labels: selfLabels(uri, cid, record),
  };
}

/** A member's own new post, as quoted by another of theirs. */
export function quotedView(local: Local, post: LocalPost): RecordView {
  const { uri, cid, author, record, labels, embed, indexedAt } = postView(local, post, new Map());
  return {
    $type: "app.bsky.embed.record#viewRecord",
    uri,
    cid,
    author,
    value: record,
    labels,
    embeds: embed === undefined ? [] : [embed],
    indexedAt,
  };
}

function embedView(local: Local, record: AppBskyFeedPost.Main, quotes: Quotes): EmbedView | undefined {
  const { embed } = record;
  const uri = quotedUri(record);
  const quoted = uri === undefined ? undefined : quotes.get(uri);
  const shown = embed?.$type === "app.bsky.embed.recordWithMedia" ? embed.media : embed;
  // A video plays from the AppView's own video service, whose address is unknown here.
  const isVideo = shown?.$type === "app.bsky.embed.video";
  const media =
    shown === undefined || isVideo ? undefined : (mediaView(local, local.did, shown) ?? undefined);
  if (quoted === undefined) return media;
  if (media === undefined) return { $type: "app.bsky.embed.record#view", record: quoted };
  return { $type: "app.bsky.embed.recordWithMedia#view", media, record: { record: quoted } };
}
