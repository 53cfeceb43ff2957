/**
 * Facets of a text that somebody has typed: links, mentions and tags (app.bsky.richtext.facet), found by the
 * official clients' own code, so that a text means the same wherever it is written.
 */
import { detectFacets } from "@atproto/api/dist/rich-text/detection.js";
import type { UnicodeString } from "@atproto/api/dist/rich-text/unicode.js";
import type { Did } from "@atcute/lexicons";
import { textOf } from "../../../protocol/json.ts";
import { linkOf } from "../addresses.ts";

type Feature =
  | { $type: "app.bsky.richtext.facet#link"; uri: string }
  | { $type: "app.bsky.richtext.facet#mention"; did: Did }
  | { $type: "app.bsky.richtext.facet#tag"; tag: string };

export interface Facet {
  $type: "app.bsky.richtext.facet";
  index: { byteStart: number; byteEnd: number };
  features: [Feature];
}

/** Finds whose a handle is; null if nobody's. */
export type FindDid = (handle: string) => Promise<Did | null>;

/** The most mentions that are looked up for one post. */
const MENTIONS = 10;

/** A find at a place: an address, a tag, or a handle in lower case. */
interface Found {
  index: Facet["index"];
  link?: string;
  tag?: string;
  handle?: string;
}

/** The part of a text that the finder asks for. The library's own class would bring a segmenter along. */
const measured = (utf16: string) => {
  const text: Pick<UnicodeString, "utf16" | "utf16IndexToUtf8Index"> = {
    utf16,
    utf16IndexToUtf8Index: (index) => new TextEncoder().encode(utf16.slice(0, index)).byteLength,
  };
  return text as UnicodeString;
};

/** In the order of the text. */
function foundIn(text: string): Found[] {
  const facets = detectFacets(measured(text)) ?? [];
  return facets
    .map(({ index: { byteStart, byteEnd }, features: [feature = {}] }): Found => {
      const index = { byteStart, byteEnd };
      if ("uri" in feature) return { index, link: textOf(feature.uri) ?? "" };
      if ("tag" in feature) return { index, tag: textOf(feature.tag) ?? "" };
      // Until it is looked up, a mention holds the handle.
      return "did" in feature ? { index, handle: (textOf(feature.did) ?? "").toLowerCase() } : { index };
    })
    .toSorted((a, b) => a.index.byteStart - b.index.byteStart);
}

/** The handles that a text mentions and that are looked up, in lower case. */
export const handlesIn = (text: string): string[] =>
  foundIn(text)
    .flatMap(({ handle }) => handle ?? [])
    .slice(0, MENTIONS);

/** The first link in a text, for which clients offer a card; null if there is none. */
export const linkIn = (text: string): string | null =>
  foundIn(text).flatMap(({ link }) => linkOf(link) ?? [])[0] ?? null;

export async function facetsOf(text: string, findDid: FindDid): Promise<Facet[]> {
  const facets: Facet[] = [];
  let mentions = 0;
  for (const found of foundIn(text)) {
    if (found.handle !== undefined && ++mentions > MENTIONS) continue;
    const feature = await featureOf(found, findDid);
    if (feature !== null)
      facets.push({ $type: "app.bsky.richtext.facet", index: found.index, features: [feature] });
  }
  return facets;
}

async function featureOf({ link, tag, handle }: Found, findDid: FindDid): Promise<Feature | null> {
  if (link !== undefined) {
    return linkOf(link) === null ? null : { $type: "app.bsky.richtext.facet#link", uri: link };
  }
  if (tag !== undefined) return { $type: "app.bsky.richtext.facet#tag", tag };
  const did = handle === undefined ? null : await findDid(handle);
  return did === null ? null : { $type: "app.bsky.richtext.facet#mention", did };
}
