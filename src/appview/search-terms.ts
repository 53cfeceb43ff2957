/**
 * The search entries of a post. Its words go to `text`; what operators and filters ask for (`from:`, `#tag`,
 * replies, posts with video …) goes to `terms`, each as one opaque word, so that no tokenizer splits it: a
 * letter for the kind and, where the kind has values, a hash of the value.
 */
import { createHash } from "node:crypto";
import { type Json, at, listOf, textOf } from "../protocol/json.ts";
import { folded, tokenizable } from "./folding.ts";
import { HAS_IMAGE, HAS_VIDEO, IS_REPLY } from "./post-flags.ts";
import { didOf } from "./uris.ts";

/** Kinds whose values people type. They are compared as words are: without case or marks. */
const TYPED = { tag: "t", lang: "l", domain: "d", url: "u" } as const;
/**
 * Kinds whose values are DIDs and at-uris: `answered` is the author that a reply answers; `parent`, `root` and
 * `embed` are the post that it answers, the first post of its thread, and the record that a post embeds.
 */
const EXACT = { author: "a", mention: "m", answered: "w", parent: "p", root: "r", embed: "e" } as const;
const LETTERS = { ...TYPED, ...EXACT };

export type TermKind = keyof typeof LETTERS;
export type TypedTermKind = keyof typeof TYPED;

/** Hexadecimal digits of a hash: 80 bits, so that no value can be made to look like another. */
const DIGITS = 20;

/** Words made lately: posts of one author, in one language, with one tag come in bursts. */
const made = new Map<string, string>();
const MADE_MAX = 1000;
/** Longer values are not kept. */
const KEPT_LENGTH = 100;

/** The host that somebody types, or that a link has: in the form of DNS (IDNA), without `www.`. */
function domainOf(text: string): string {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  return (url?.hostname ?? folded(text)).replace(/^www\./, "").replace(/\.$/, "");
}

/** A link as it is written, and in the one form that all its spellings share, if that is another. */
const spellingsOf = (url: string): string[] => [...new Set([url, URL.parse(url)?.href ?? url])];

/** The words in `terms` of which a post has one that has the value. */
export const searchTermsFor = (kind: TermKind, value: string): string[] =>
  (kind === "url" ? spellingsOf(value) : [value]).map((each) => searchTerm(kind, each));

/** The word in `terms` for a value. */
export function searchTerm(kind: TermKind, value: string): string {
  const name = LETTERS[kind] + value;
  const known = made.get(name);
  if (known !== undefined) return known;
  const compared = kind === "domain" ? domainOf(value) : Object.hasOwn(TYPED, kind) ? folded(value) : value;
  const term = LETTERS[kind] + createHash("sha256").update(compared).digest("hex").slice(0, DIGITS);
  if (made.size >= MADE_MAX) made.clear();
  if (name.length <= KEPT_LENGTH) made.set(name, term);
  return term;
}

/** Words in `terms` without a value: every post has the first. */
export const EVERY_POST = "xpost";
export const WITH_IMAGE = "ximage";
export const WITH_VIDEO = "xvideo";
export const REPLIES = "xreply";
export const ELSEWHERE = "xelsewhere";

/** The post's own text, the alt texts of its media, and the title and description of its link card. */
export function searchText(record: Json): string {
  const media = at(record, "embed", "media") ?? at(record, "embed");
  const alts = [...listOf(at(media, "images")), ...listOf(at(media, "items"))].map((item) =>
    textOf(at(item, "alt")),
  );
  const external = [textOf(at(media, "external", "title")), textOf(at(media, "external", "description"))];
  return tokenizable(
    [textOf(record.text), textOf(at(media, "alt")), ...alts, ...external].filter(Boolean).join("\n"),
  );
}

const linkTerms = (uri: string): string[] =>
  URL.canParse(uri) ? [...searchTermsFor("url", uri), searchTerm("domain", uri)] : [];

/** The index's own facts about a post, besides its record. */
interface Indexed {
  did: string;
  flags: number;
  elsewhere: boolean;
  parent: string | null;
  root: string | null;
  embed: string | null;
}

function indexedTerms({ did, flags, elsewhere, parent, root, embed }: Indexed): string[] {
  return [
    EVERY_POST,
    searchTerm("author", did),
    ...(parent === null ? [] : [searchTerm("parent", parent), searchTerm("answered", didOf(parent))]),
    ...(root === null ? [] : [searchTerm("root", root)]),
    ...(embed === null ? [] : [searchTerm("embed", embed)]),
    ...(flags & HAS_IMAGE ? [WITH_IMAGE] : []),
    ...(flags & HAS_VIDEO ? [WITH_VIDEO] : []),
    ...(flags & IS_REPLY ? [REPLIES] : []),
    ...(elsewhere ? [ELSEWHERE] : []),
  ];
}

export function searchTerms(record: Json, indexed: Indexed): string {
  const terms = new Set(indexedTerms(indexed));
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
