/**
 * app.bsky.feed.getFeedGenerator, getFeedGenerators, getActorFeeds, getSuggestedFeeds: feeds to choose from.
 */
import type { AppBskyFeedDefs } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { parseOffset } from "../../cursors.ts";
import { complete, newFacts } from "../../hydration.ts";
import { textOf, at } from "../../../../protocol/json.ts";
import { type GeneratorRow, selectGeneratorsOf, selectPopularGenerators } from "../../queries/generators.ts";
import { didNamed } from "../../queries/graph.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { GENERATOR, isDid } from "../../../uris.ts";
import { generatorView } from "../../views/generator.ts";
import { visibleRecord } from "../../views/rules.ts";
import type { Plain } from "../../views/typed.ts";
import { type PageParams, fillPage } from "../fill-page.ts";
import { paged } from "../paged.ts";

type View = Plain<AppBskyFeedDefs.GeneratorView>;

async function views(reading: ViewContext, uris: readonly ResourceUri[]): Promise<View[]> {
  const facts = await complete(reading, newFacts(reading), { records: uris });
  const present = { facts, images: reading.images };
  return uris.flatMap((uri) => generatorView(present, uri) ?? []);
}

/**
 * Refuses InvalidRequest `could not find feed`.
 * @param endpointOf finds the service endpoint of a generator's DID, and refuses a DID that has none.
 */
export async function getFeedGenerator(
  reading: ViewContext,
  { feed }: { feed: ResourceUri },
  endpointOf: (did: Did) => Promise<string>,
): Promise<{ view: View; isOnline: boolean; isValid: boolean }> {
  const facts = await complete(reading, newFacts(reading), { records: [feed] });
  const stored = visibleRecord(facts, feed);
  const did = stored?.collection === GENERATOR ? textOf(at(stored.record, "did")) : undefined;
  if (did === undefined || !isDid(did)) throw invalidRequest("could not find feed");
  await endpointOf(did);
  const view = generatorView({ facts, images: reading.images }, feed);
  if (view === undefined) throw invalidRequest("could not find feed");
  // Readers of the feed find out whether the service answers.
  return { view, isOnline: true, isValid: true };
}

/** In the order asked for, without generators that do not exist. */
export async function getFeedGenerators(
  reading: ViewContext,
  { feeds }: { feeds: readonly ResourceUri[] },
): Promise<{ feeds: View[] }> {
  return { feeds: await views(reading, feeds) };
}

/** Refuses InvalidRequest `Profile not found` for a handle that nobody has. */
export async function getActorFeeds(
  reading: ViewContext,
  { actor, ...params }: PageParams & { actor: string },
) {
  const { db } = reading;
  const did = await didNamed(db, actor);
  if (did === null) throw invalidRequest("Profile not found");
  const { items: feeds, ...rest } = await paged(
    reading,
    params,
    (cursor, limit) => rowsOf<GeneratorRow>(db, selectGeneratorsOf(db, did, cursor, limit)),
    (rows) =>
      views(
        reading,
        rows.map(({ uri }) => uri),
      ),
  );
  return { feeds, ...rest };
}

interface SuggestedParams extends PageParams {
  /** Part of a feed's name. */
  query?: string | undefined;
}

/** The community's own feeds, most liked first; with `query`, newest first. */
export async function getSuggestedFeeds(reading: ViewContext, params: SuggestedParams) {
  const { items, cursor } = await fillPage(reading, params, async (from, limit) => {
    const offset = parseOffset(from);
    if (offset === null) return { items: [], cursor: undefined };
    const { db } = reading;
    const rows = await rowsOf<GeneratorRow>(
      db,
      selectPopularGenerators(db, params.query?.trim() ?? "", offset, limit),
    );
    return {
      items: await views(
        reading,
        rows.slice(0, limit).map(({ uri }) => uri),
      ),
      cursor: rows.length > limit ? String(offset + limit) : undefined,
    };
  });
  return { feeds: items, cursor };
}
