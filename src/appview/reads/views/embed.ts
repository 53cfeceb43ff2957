/** app.bsky.embed.*: views of what a post embeds. */
import type { AppBskyEmbedRecord, AppBskyFeedDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { GENERATOR, LABELER, LIST, POST, STARTER_PACK, collectionOf, didOf } from "../../uris.ts";
import { generatorView } from "./generator.ts";
import { labelerView } from "./labeler.ts";
import { listView } from "./list.ts";
import { blockedViewerState } from "./viewer-state.ts";
import type { Present } from "./present.ts";
import { postBlocks, viewerBlocks } from "./rules.ts";
import { starterPackBasic } from "./starter-pack.ts";
import { is, mediaView } from "./media.ts";

/** Makes the view of a quoted post. Posts embed posts, so this function is passed in. */
export type QuotedView = (uri: ResourceUri, depth: number) => RecordView | undefined;
export type EmbedView = NonNullable<AppBskyFeedDefs.PostView["embed"]>;
export type RecordView = AppBskyEmbedRecord.View["record"];

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
