/** Facets of a text that somebody has typed: links, mentions and tags, found by a library (app.bsky.richtext.facet). */
import { type Token, tokenize } from "@atcute/bluesky-richtext-parser";
import type { Did } from "@atcute/lexicons";
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
/** The longest tag, in graphemes; the lexicon's limit, in characters to be safe. */
const TAG_LONGEST = 64;

interface Place {
  start: number;
  end: number;
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** Tokens that may become facets, wherever they are: marks such as `**` are no markup here, and stay in the text. */
function* placesOf(text: string, tokens: readonly Token[], base = 0): Generator<[Token, Place]> {
  let from = 0;
  for (const token of tokens) {
    const start = text.indexOf(token.raw, from);
    if (start < 0) continue;
    from = start + token.raw.length;
    if ("children" in token && token.type !== "link")
      yield* placesOf(token.raw, token.children, base + start);
    else yield [token, { start: base + start, end: base + from }];
  }
}

/** The handles that a text mentions and that are looked up, in lower case. */
export const handlesIn = (text: string): string[] =>
  [...placesOf(text, tokenize(text))]
    .flatMap(([token]) => (token.type === "mention" ? [token.handle.toLowerCase()] : []))
    .slice(0, MENTIONS);

/** The first link in a text, for which clients offer a card; null if there is none. */
export function linkIn(text: string): string | null {
  for (const [token] of placesOf(text, tokenize(text))) {
    if (token.type === "autolink" && linkOf(token.url) !== null) return linkOf(token.url);
  }
  return null;
}

export async function facetsOf(text: string, findDid: FindDid): Promise<Facet[]> {
  const facets: Facet[] = [];
  let mentions = 0;
  for (const [token, { start, end }] of placesOf(text, tokenize(text))) {
    if (token.type === "mention" && ++mentions > MENTIONS) continue;
    const feature = await featureOf(token, findDid);
    if (feature === null) continue;
    const byteStart = bytesOf(text.slice(0, start));
    const byteEnd = byteStart + bytesOf(text.slice(start, end));
    facets.push({ $type: "app.bsky.richtext.facet", index: { byteStart, byteEnd }, features: [feature] });
  }
  return facets;
}

async function featureOf(token: Token, findDid: FindDid): Promise<Feature | null> {
  switch (token.type) {
    case "autolink": {
      const uri = linkOf(token.url);
      return uri === null ? null : { $type: "app.bsky.richtext.facet#link", uri: token.url };
    }
    case "topic":
      return token.name.length > TAG_LONGEST
        ? null
        : { $type: "app.bsky.richtext.facet#tag", tag: token.name };
    case "mention": {
      const did = await findDid(token.handle.toLowerCase());
      return did === null ? null : { $type: "app.bsky.richtext.facet#mention", did };
    }
    default:
      return null;
  }
}
