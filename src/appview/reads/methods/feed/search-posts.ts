/** app.bsky.feed.searchPosts, searchPostsV2. */
import type { AppBskyFeedDefs, AppBskyFeedSearchPosts } from "@atcute/bluesky";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { complete, newFacts } from "../../hydration.ts";
import { resolveActors } from "../../queries/actors.ts";
import type { Page } from "../../queries/feeds.ts";
import {
  type PostSearch,
  type SearchCursor,
  type SearchedRow,
  scoreOf,
  selectFoundPosts,
} from "../../queries/post-search.ts";
import { type PostRow, addPosts } from "../../queries/posts.ts";
import type { ViewContext } from "../../view-context.ts";
import { type Clause, type SearchQuery, instantOf, parseSearchQuery, untilOf } from "../../search-query.ts";
import { actorsOf, matchExpression } from "../../match-expression.ts";
import { didOf } from "../../../uris.ts";
import { postView } from "../../views/post.ts";
import { viewerBlocks } from "../../views/rules.ts";
import { fillPage } from "../fill-page.ts";
import { type ParamsV2, actors, anyOf, postFilters, terms } from "./post-filters.ts";

type Params = AppBskyFeedSearchPosts.$params & { limit: number };
interface Output {
  posts: AppBskyFeedDefs.PostView[];
  cursor?: string | undefined;
}

function bounds(text: SearchQuery, since?: string, until?: string) {
  return {
    since: since === undefined ? text.since : instantOf(since),
    until: until === undefined ? text.until : untilOf(until),
  };
}

/** Refuses InvalidRequest `Malformed cursor`. */
export async function searchPosts(reading: ViewContext, params: Params): Promise<Output> {
  const text = parseSearchQuery(params.q);
  const one = (value: string | undefined) => (value === undefined ? [] : [value]);
  text.clauses.push(
    ...actors("author", one(params.author)),
    ...actors("mention", one(params.mentions)),
    ...terms("tag", params.tag ?? []),
    ...terms("lang", one(params.lang)),
    ...terms("domain", one(params.domain)),
    ...terms("url", one(params.url)),
  );
  return search(reading, params, text, {
    ...bounds(text, params.since, params.until),
    top: params.sort === "top",
  });
}

/**
 * Refuses InvalidRequest `Malformed cursor`, a search without a query or filter, and mutually exclusive
 * filters.
 */
export async function searchPostsV2(reading: ViewContext, params: ParamsV2): Promise<Output> {
  const text = parseSearchQuery(params.query ?? "");
  text.clauses.push(
    ...anyOf(actors("author", params.authors ?? [])),
    ...anyOf(actors("mention", params.mentions ?? [])),
    ...anyOf(terms("tag", params.hashtags ?? [])),
    ...anyOf(terms("lang", params.languages ?? [])),
    ...anyOf(terms("domain", params.domains ?? [])),
    ...anyOf(terms("url", params.urls ?? [])),
    ...actors("author", params.excludeAuthors ?? [], true),
    ...actors("mention", params.excludeMentions ?? [], true),
    ...terms("tag", params.excludeHashtags ?? [], true),
    ...terms("lang", params.excludeLanguages ?? [], true),
    ...terms("domain", params.excludeDomains ?? [], true),
    ...terms("url", params.excludeUrls ?? [], true),
    ...postFilters(params),
  );
  const followedBy = params.following ? (reading.viewer ?? undefined) : undefined;
  const limits = bounds(text, params.since, params.until);
  const asks = [followedBy, limits.since, limits.until].some((value) => value !== undefined);
  if (!asks && text.clauses.length === 0 && !text.senseless && params.query?.trim() !== "*") {
    throw invalidRequest("A query or at least one filter is required");
  }
  return search(reading, params, text, { ...limits, top: params.sort !== "recent", followedBy });
}

/** The most values of a search: FTS5 does not parse expressions of any length. */
const VALUES_MAX = 200;

const valuesIn = (clauses: readonly Clause[]): number =>
  clauses.reduce((sum, clause) => sum + (clause.kind === "any" ? valuesIn(clause.of) : 1), 0);

export async function search(
  reading: ViewContext,
  params: { limit: number; cursor?: string | undefined },
  { clauses, senseless }: SearchQuery,
  query: Omit<PostSearch, "match">,
): Promise<Output> {
  if (valuesIn(clauses) > VALUES_MAX) throw invalidRequest(`A search has at most ${VALUES_MAX} values`);
  const { match, none } = matchExpression(clauses, await didsOf(reading, clauses));
  const first = parseSearchCursor(params.cursor, query.top);
  if (none || senseless) return { posts: [] };
  const found: PostSearch = { ...query, match };
  const { items, cursor } =
    query.followedBy === undefined
      ? await fillPage(reading, params, (from, limit) =>
          page(reading, found, parseSearchCursor(from, query.top), limit),
        )
      : await page(reading, found, first, params.limit);
  return { posts: items, cursor };
}

/** Resolves the actors that clauses name; `me` is the viewer. */
async function didsOf({ db, viewer }: ViewContext, clauses: readonly Clause[]) {
  const named = actorsOf(clauses).filter((actor) => actor !== "me");
  const dids = await resolveActors(db, named);
  const known = new Map(named.map((actor, i) => [actor, dids[i] ?? null]));
  known.set("me", viewer);
  return (actor: string) => known.get(actor) ?? null;
}

const NEWEST: SearchCursor = { sort: Number.MAX_SAFE_INTEGER, tie: 0 };

function parseSearchCursor(cursor: string | undefined, top: boolean): SearchCursor {
  if (cursor === undefined || cursor === "") return top ? { offset: 0 } : NEWEST;
  const found = (top ? /^(\d{1,9})$/ : /^(-?\d{1,16})__(\d{1,7})$/).exec(cursor);
  if (found === null) throw invalidRequest("Malformed cursor");
  const [, first, second] = found;
  return top ? { offset: Number(first) } : { sort: Number(first), tie: Number(second) };
}

const searchCursor = ({ sort, tie }: SearchedRow): string => `${sort}__${tie}`;

async function page(
  reading: ViewContext,
  query: PostSearch,
  cursor: SearchCursor,
  limit: number,
): Promise<Page<AppBskyFeedDefs.PostView>> {
  const { db } = reading;
  const [found, searched] = await db.batch<PostRow & SearchedRow>(selectFoundPosts(db, query, cursor, limit));
  const rows: PostRow[] = found?.results ?? [];
  const ranked = rows
    .filter(({ uri, asked }) => uri !== null && asked === 1)
    .sort((a, b) => (query.top ? scoreOf(b) - scoreOf(a) : 0) || b.sort - a.sort || b.tie - a.tie);
  const shown = ranked.slice(0, limit);
  const facts = newFacts(reading);
  addPosts(facts, rows);
  await complete(reading, facts);
  const present = { facts, images: reading.images };
  return {
    items: shown.flatMap(({ key }) =>
      viewerBlocks(facts, didOf(key)) ? [] : (postView(present, key) ?? []),
    ),
    cursor: nextOf(ranked, cursor, limit, searched?.results[0]),
  };
}

/** The cursor after a page; undefined at the end. `searched` is how far down matches were looked at. */
function nextOf(
  ranked: PostRow[],
  cursor: SearchCursor,
  limit: number,
  searched: SearchedRow | undefined,
): string | undefined {
  const last = ranked[limit - 1];
  if (ranked.length > limit && last !== undefined) {
    return "offset" in cursor ? String(cursor.offset + limit) : searchCursor(last);
  }
  return searched && searchCursor(searched);
}
