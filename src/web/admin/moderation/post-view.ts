/**
 * The parts of a record that a moderator looks at. Records are members' own: nothing about them is certain.
 */
import { type Json, at, listOf, textOf } from "../../../protocol/json.ts";

export interface Picture {
  /** A path on this host. */
  path: string;
  alt: string;
}

export interface PostContent {
  text: string;
  pictures: Picture[];
  /** Whatever else it carries, in words. */
  more: string[];
}

function parsed(record: string): Json {
  const value: unknown = JSON.parse(record);
  return typeof value === "object" && value !== null ? { ...value } : {};
}

export function contentOf(record: string, did: string): PostContent {
  const post = parsed(record);
  const media = at(post, "embed", "media") ?? at(post, "embed");
  const pictures = [...listOf(at(media, "images")), ...listOf(at(media, "items"))].flatMap((item) => {
    const cid = textOf(at(item, "image", "ref", "$link"));
    const query = new URLSearchParams({ did, cid: cid ?? "" }).toString();
    const path = `/xrpc/com.atproto.sync.getBlob?${query}`;
    return cid === undefined ? [] : [{ path, alt: textOf(at(item, "alt")) ?? "" }];
  });
  const link = textOf(at(media, "external", "uri"));
  const quoted =
    textOf(at(post, "embed", "record", "uri")) ?? textOf(at(post, "embed", "record", "record", "uri"));
  return {
    text: textOf(post.text) ?? "",
    pictures,
    more: [
      ...(at(media, "video") === undefined ? [] : ["A video"]),
      ...(link === undefined ? [] : [`A link: ${link}`]),
      ...(quoted === undefined ? [] : [`Quotes ${quoted}`]),
    ],
  };
}
