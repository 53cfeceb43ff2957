/**
 * The search entries of a post. Its words go to `text`; what operators ask for (`from:`, `#tag`, `lang:` …)
 * goes to `terms`, each as one opaque word: a letter for the kind and a hash of the value, so that no
 * tokenizer splits it.
 */
import { hash53 } from "./hashes.ts";
import { type Json, at, listOf, textOf } from "../protocol/json.ts";

export type TermKind = "author" | "mention" | "tag" | "lang" | "domain" | "url";

const LETTERS: Record<TermKind, string> = {
  author: "a",
  mention: "m",
  tag: "t",
  lang: "l",
  domain: "d",
  url: "u",
};

/** The word in `terms` for a value. Values are compared without case. */
export const searchTerm = (kind: TermKind, value: string): string =>
  `${LETTERS[kind]}${hash53(value.toLowerCase()).toString(36)}`;

/**
 * Separates the characters of scripts written without spaces, so that each is found: the tokenizer would take
 * a sentence for one word.
 */
export const spaced = (text: string): string =>
  text.replace(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu, " $& ");

/** The post's own text, the alt texts of its media, and the title and description of its link card. */
export function searchText(record: Json): string {
  const media = at(record, "embed", "media") ?? at(record, "embed");
  const alts = [...listOf(at(media, "images")), ...listOf(at(media, "items"))].map((item) =>
    textOf(at(item, "alt")),
  );
  const external = [textOf(at(media, "external", "title")), textOf(at(media, "external", "description"))];
  return spaced(
    [textOf(record.text), textOf(at(media, "alt")), ...alts, ...external].filter(Boolean).join("\n"),
  );
}

function linkTerms(uri: string): string[] {
  try {
    const { hostname } = new URL(uri);
    return [searchTerm("url", uri), searchTerm("domain", hostname.replace(/^www\./, ""))];
  } catch {
    return [];
  }
}

export function searchTerms(author: string, record: Json): string {
  const terms = new Set([searchTerm("author", author)]);
  for (const lang of listOf(record.langs)) {
    if (typeof lang === "string") terms.add(searchTerm("lang", lang.split("-")[0] ?? lang));
  }
  for (const tag of listOf(record.tags)) {
    if (typeof tag === "string") terms.add(searchTerm("tag", tag));
  }
  const features = listOf(record.facets).flatMap((facet) => listOf(at(facet, "features")));
  for (const feature of features) {
    const tag = textOf(at(feature, "tag"));
    if (tag !== undefined) terms.add(searchTerm("tag", tag));
    const mentioned = textOf(at(feature, "did"));
    if (mentioned !== undefined) terms.add(searchTerm("mention", mentioned));
    const link = textOf(at(feature, "uri"));
    if (link !== undefined) for (const term of linkTerms(link)) terms.add(term);
  }
  const external =
    textOf(at(record, "embed", "external", "uri")) ?? textOf(at(record, "embed", "media", "external", "uri"));
  if (external !== undefined) for (const term of linkTerms(external)) terms.add(term);
  return [...terms].join(" ");
}
