/**
 * Views of the records that the member's new posts quote. The AppView supplies them, since it knows records
 * that this host has never seen.
 */
import { type Json, at, entryOf, isJson, listOf, textOf } from "../../../protocol/json.ts";
import { logLine, messageOf } from "../../../protocol/log-line.ts";
import { GENERATOR, LIST, POST, STARTER_PACK, collectionOf } from "../../../appview/uris.ts";
import type { RecordView } from "../../../appview/reads/views/embed.ts";
import type { Upstream } from "../upstream.ts";
import type { Local, LocalPost } from "./local.ts";
import { type Quotes, quotedUri, quotedView } from "./posts.ts";

/** A method that returns views of several records of one collection. */
interface Shower {
  nsid: string;
  param: string;
  field: string;
  shown(view: Json): Json;
}

const SHOWERS: Readonly<Record<string, Shower>> = {
  [POST]: { nsid: "app.bsky.feed.getPosts", param: "uris", field: "posts", shown: asQuote },
  [GENERATOR]: {
    nsid: "app.bsky.feed.getFeedGenerators",
    param: "feeds",
    field: "feeds",
    shown: (view) => ({ ...view, $type: "app.bsky.feed.defs#generatorView" }),
  },
  [STARTER_PACK]: {
    nsid: "app.bsky.graph.getStarterPacks",
    param: "uris",
    field: "starterPacks",
    shown: (view) => ({ ...view, $type: "app.bsky.graph.defs#starterPackViewBasic" }),
  },
};

/** The quotes of the posts to be shown. Their number, at most ten, bounds the queries. Never refuses. */
export async function quotesOf(posts: LocalPost[], local: Local, upstream: Upstream): Promise<Quotes> {
  const uris = [...new Set(posts.flatMap(({ record }) => quotedUri(record) ?? []))];
  const known = new Map<string, LocalPost>(local.posts.map((post) => [post.uri, post]));
  const quotes = new Map<string, RecordView>();
  const groups = new Map<string, string[]>();
  for (const uri of uris) {
    const own = known.get(uri);
    if (own !== undefined) quotes.set(uri, quotedView(local, own));
    else groups.set(collectionOf(uri), [...(groups.get(collectionOf(uri)) ?? []), uri]);
  }
  await Promise.all(
    [...groups].map(async ([collection, wanted]) => {
      const found = await asked(collection, wanted, upstream);
      // No answer does not mean that the record is missing: the quote is left out until the AppView can tell.
      if (found === null) return;
      for (const uri of wanted) {
        const view = found.get(uri) ?? { $type: "app.bsky.embed.record#viewNotFound", uri, notFound: true };
        // The AppView's own view, passed on as received.
        quotes.set(uri, view as RecordView);
      }
    }),
  );
  return quotes;
}

/** Views by URI; null if the AppView does not answer. */
async function asked(
  collection: string,
  uris: string[],
  upstream: Upstream,
): Promise<Map<unknown, Json> | null> {
  try {
    if (collection === LIST) return await lists(uris, upstream);
    const shower = entryOf(SHOWERS, collection);
    if (shower === undefined) return new Map();
    const answer = await upstream.ask(shower.nsid, { [shower.param]: uris });
    const views = listOf(at(answer, shower.field)).filter(isJson);
    return new Map(views.map((view) => [view.uri, shower.shown(view)]));
  } catch (thrown) {
    logLine("warn", "read-after-write.quotes", { collection, error: messageOf(thrown) });
    return null;
  }
}

/** Asks for lists one by one, since no method returns several. */
async function lists(uris: string[], upstream: Upstream): Promise<Map<unknown, Json>> {
  const answers = await Promise.all(
    uris.map((list) => upstream.ask("app.bsky.graph.getList", { list, limit: "1" })),
  );
  const views = answers.map((answer) => at(answer, "list")).filter(isJson);
  return new Map(views.map((view) => [view.uri, { ...view, $type: "app.bsky.graph.defs#listView" }]));
}

/** Converts app.bsky.feed.defs#postView to app.bsky.embed.record#viewRecord. */
function asQuote({ uri, cid, author, record, labels, embed, indexedAt, ...counts }: Json): Json {
  const { likeCount, replyCount, repostCount, quoteCount } = counts;
  return {
    $type: "app.bsky.embed.record#viewRecord",
    uri,
    cid,
    author,
    value: record,
    labels,
    likeCount,
    replyCount,
    repostCount,
    quoteCount,
    embeds: textOf(at(embed, "$type")) === undefined ? undefined : [embed],
    indexedAt,
  };
}
