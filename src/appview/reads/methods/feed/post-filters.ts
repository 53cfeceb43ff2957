/** Clauses of the parameters of a search, besides its text. */
import type { AppBskyFeedSearchPostsV2 } from "@atcute/bluesky";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import type { Clause } from "../../search-query.ts";
import { REPLIES, type TermKind, WITH_IMAGE, WITH_VIDEO } from "../../../search-terms.ts";

export type ParamsV2 = AppBskyFeedSearchPostsV2.$params & { limit: number };

/** Clauses of the parameters besides the text. */
export const actors = (term: "author" | "mention", list: readonly string[], not = false): Clause[] =>
  list.map((actor) => ({ kind: "actor", term, actor, not }));

export const terms = (term: TermKind, list: readonly string[], not = false): Clause[] =>
  list.map((value) => ({ kind: "term", term, value: plain(term, value), not }));

export const marked = (mark: string, not = false): Clause => ({ kind: "mark", mark, not });

export const anyOf = (of: Clause[]): Clause[] => (of.length === 0 ? [] : [{ kind: "any", of, not: false }]);

/** Normalizes a value as the index does (`searchTerms`). */
function plain(term: TermKind, value: string): string {
  if (term === "lang") return value.split("-")[0] ?? value;
  if (term === "domain") return value.replace(/^www\./i, "");
  return term === "tag" ? value.replace(/^[#＃]/, "") : value;
}

/** Clauses of the filters that are about the post itself. */
export function postFilters(params: ParamsV2): Clause[] {
  const { hasMedia, hasVideo, excludeReplies, repliesOnly, replyParentUri, threadRootUri } = params;
  if (excludeReplies && repliesOnly) {
    throw invalidRequest("excludeReplies and repliesOnly are mutually exclusive");
  }
  return [
    ...(hasMedia ? anyOf([marked(WITH_IMAGE), marked(WITH_VIDEO)]) : []),
    ...(hasVideo ? [marked(WITH_VIDEO)] : []),
    ...(repliesOnly || excludeReplies ? [marked(REPLIES, excludeReplies)] : []),
    ...(replyParentUri === undefined ? [] : terms("parent", [replyParentUri])),
    ...(threadRootUri === undefined ? [] : terms("root", [threadRootUri])),
    ...anyOf(terms("embed", params.embeddedAtUris ?? [])),
    ...terms("embed", params.excludeEmbeddedAtUris ?? [], true),
  ];
}
