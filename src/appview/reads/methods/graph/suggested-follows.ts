/** app.bsky.graph.getSuggestedFollowsByActor, app.bsky.actor.getSuggestions. */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import { complete, newFacts } from "../../hydration.ts";
import { didNamed } from "../../queries/graph.ts";
import { type SuggestionRow, selectFollowsAround, selectPopular } from "../../queries/suggested-follows.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { profileView } from "../../views/profile.ts";
import { viewerBlocks, viewerMutes } from "../../views/rules.ts";
import type { Plain } from "../../views/typed.ts";
import type { PageParams } from "../paged.ts";

/** How many suggestions are shown next to a profile. */
const SHOWN = 10;

type Profile = Plain<AppBskyActorDefs.ProfileView>;

/** Omits accounts that the viewer mutes or that are in a block with the viewer. */
async function profiles(reading: ViewContext, rows: SuggestionRow[]): Promise<Profile[]> {
  if (rows.length === 0) return [];
  const dids = rows.map(({ did }) => did);
  const facts = await complete(reading, newFacts(reading), { dids });
  const present = { facts, images: reading.images };
  return dids.flatMap((did) =>
    viewerBlocks(facts, did) || viewerMutes(facts, did) ? [] : (profileView(present, did) ?? []),
  );
}

/** Refuses InvalidRequest `Actor not found`. */
export async function getSuggestedFollowsByActor(
  reading: ViewContext,
  { actor }: { actor: string },
): Promise<{ suggestions: Profile[] }> {
  const { db, viewer } = reading;
  const around = await didNamed(db, actor);
  if (around === null) throw invalidRequest("Actor not found");
  const rows = await rowsOf<SuggestionRow>(
    db,
    selectFollowsAround(db, { around, viewer, limit: SHOWN * 2, skip: 0 }),
  );
  return { suggestions: (await profiles(reading, rows)).slice(0, SHOWN) };
}

/**
 * Parses a cursor: a letter for the source and the number of rows passed; `a20` around the viewer, `p20` the
 * most followed. Refuses InvalidRequest `Malformed cursor`.
 */
function parsePlace(cursor: string | undefined): { source: "a" | "p"; skip: number } | null {
  if (cursor === undefined || cursor === "") return null;
  const [, source, skip] = /^([ap])(\d{1,6})$/.exec(cursor) ?? [];
  if (skip === undefined) throw invalidRequest("Malformed cursor");
  return { source: source === "p" ? "p" : "a", skip: Number(skip) };
}

/**
 * Accounts that the viewer's neighbours follow. A first page with room adds the most followed accounts; for a
 * viewer without neighbours, every page has those.
 */
export async function getSuggestions(reading: ViewContext, { limit, cursor }: PageParams) {
  const { db, viewer } = reading;
  const place = parsePlace(cursor);
  const skip = place?.skip ?? 0;
  const near = viewer !== null && place?.source !== "p";
  const rows = near
    ? await rowsOf<SuggestionRow>(db, selectFollowsAround(db, { around: viewer, viewer, limit, skip }))
    : [];
  const more = rows.length === limit;
  if (!near || (place === null && !more)) {
    const seen = new Set(rows.map(({ did }) => did));
    const popular = await rowsOf<SuggestionRow>(db, selectPopular(db, { viewer, limit, skip }));
    const source = rows.length === 0 && popular.length === limit ? `p${skip + limit}` : undefined;
    rows.push(...popular.filter(({ did }) => !seen.has(did)).slice(0, limit - rows.length));
    return { actors: await profiles(reading, rows), ...(source === undefined ? {} : { cursor: source }) };
  }
  return { actors: await profiles(reading, rows), ...(more ? { cursor: `a${skip + limit}` } : {}) };
}
