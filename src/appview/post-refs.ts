/** The references of a post and its kind, as its record says. */
import type { ResourceUri } from "@atcute/lexicons";
import { isResourceUri } from "@atcute/lexicons/syntax";
import { at, listOf } from "../protocol/json.ts";
import { HAS_IMAGE, HAS_VIDEO, IN_OWN_THREAD, IS_REPLY } from "./post-flags.ts";
import { didOf, isPostUri } from "./uris.ts";

export interface PostRefs {
  parent: ResourceUri | null;
  root: ResourceUri | null;
  /** The record embedded, whatever its collection, and again when it is a post. */
  embed: ResourceUri | null;
  quoted: ResourceUri | null;
}

const uriIn = (value: unknown): ResourceUri | null => (isResourceUri(value) ? value : null);

/** The record that a post embeds, alone or with media. */
function embedded(record: unknown): ResourceUri | null {
  const embed = at(record, "embed");
  switch (at(embed, "$type")) {
    case "app.bsky.embed.record":
      return uriIn(at(embed, "record", "uri"));
    case "app.bsky.embed.recordWithMedia":
      return uriIn(at(embed, "record", "record", "uri"));
    default:
      return null;
  }
}

export function refsOf(record: unknown): PostRefs {
  const embed = embedded(record);
  return {
    parent: uriIn(at(record, "reply", "parent", "uri")),
    root: uriIn(at(record, "reply", "root", "uri")),
    embed,
    quoted: embed !== null && isPostUri(embed) ? embed : null,
  };
}

function mediaFlags(record: unknown): number {
  const embed = at(record, "embed");
  const media = at(embed, "$type") === "app.bsky.embed.recordWithMedia" ? at(embed, "media") : embed;
  switch (at(media, "$type")) {
    case "app.bsky.embed.images":
      return listOf(at(media, "images")).length > 0 ? HAS_IMAGE : 0;
    case "app.bsky.embed.gallery":
      return listOf(at(media, "items")).length > 0 ? HAS_IMAGE : 0;
    case "app.bsky.embed.video":
      return HAS_VIDEO;
    default:
      return 0;
  }
}

/** The flags of a post by this author. */
export function flagsOf(record: unknown, author: string): number {
  const { parent, root } = refsOf(record);
  return (
    mediaFlags(record) |
    (parent === null ? 0 : IS_REPLY) |
    (root !== null && didOf(root) === author ? IN_OWN_THREAD : 0)
  );
}
