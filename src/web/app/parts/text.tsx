/** Text with its facets: links, mentions and tags. Everything else is text, whatever it looks like. */
import { type Token, tokenize } from "@atcute/bluesky-richtext-parser";
import { segmentize } from "@atcute/bluesky-richtext-segmenter";
import { isDid } from "@atcute/lexicons/syntax";
import type { Child, FC } from "hono/jsx";
import { type Json, at, isJson, listOf, textOf } from "../../../protocol/json.ts";
import { linkOf, profilePath, tagPath } from "../addresses.ts";

/** The `rel` of links that members made, for browsers and search engines. */
export const REL = "nofollow ugc noopener";

interface Facet {
  index: { byteStart: number; byteEnd: number };
  features: Json[];
}

/** The facets that make sense, in order; the segmenter takes them as they come. */
function facetsOf(facets: unknown): Facet[] {
  const found = listOf(facets).flatMap((facet): Facet[] => {
    const [byteStart, byteEnd] = [at(facet, "index", "byteStart"), at(facet, "index", "byteEnd")];
    const features = listOf(at(facet, "features")).filter(isJson);
    if (typeof byteStart !== "number" || typeof byteEnd !== "number" || byteStart < 0) return [];
    return features.length === 0 || byteEnd <= byteStart ? [] : [{ index: { byteStart, byteEnd }, features }];
  });
  return found.toSorted((a, b) => a.index.byteStart - b.index.byteStart);
}

export const RichText: FC<{ text: string; facets: unknown }> = ({ text, facets }) => (
  <>{segmentize(text, facetsOf(facets)).map(({ text: part, features }) => marked(part, features?.[0]))}</>
);

function marked(text: string, feature: Json | undefined): Child {
  const link = linkOf(feature?.["uri"]);
  if (link !== null) return <Away link={link}>{text}</Away>;
  const did = textOf(feature?.["did"]);
  if (isDid(did)) return <a href={profilePath({ did, handle: "handle.invalid" })}>{text}</a>;
  const tag = textOf(feature?.["tag"]);
  if (tag !== undefined) return <a href={tagPath(tag)}>{text}</a>;
  return text;
}

/** A link to another site; its title says where it really leads. */
export const Away: FC<{ link: string; class?: string; children?: Child }> = ({ link, children, ...more }) => (
  <a href={link} rel={REL} title={link} {...more}>
    {children}
  </a>
);

/** Text that has no facets of its own, such as a profile's: its links and names are found in it. */
export const FoundText: FC<{ text: string }> = ({ text }) => <>{tokenize(text).map(foundToken)}</>;

function foundToken(token: Token): Child {
  switch (token.type) {
    case "autolink": {
      const link = linkOf(token.url);
      return link === null ? token.raw : <Away link={link}>{token.raw}</Away>;
    }
    case "mention":
      return <a href={`/profile/${encodeURIComponent(token.handle.toLowerCase())}`}>{token.raw}</a>;
    case "topic":
      return <a href={tagPath(token.name)}>{token.raw}</a>;
    default:
      return token.raw;
  }
}
