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
import type { PageParams } from "../fill-page.ts";
import { filled } from "../paged.ts";

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
function parsePlace(cursor: string | undefined): { isNear: boolean; skip: number } {
  if (cursor === undefined || cursor === "") return { isNear: true, skip: 0 };
  const [, source, skip] = /^([ap])(\d{1,6})$/.exec(cursor) ?? [];
  if (skip === undefined) throw invalidRequest("Malformed cursor");
  return { isNear: source === "a", skip: Number(skip) };
}

interface Chosen {
  rows: SuggestionRow[];
  cursor: string | undefined;
}

/** Accounts that the viewer's neighbours follow, then the most followed others. */
async function choose(reading: ViewContext, from: string | undefined, limit: number): Promise<Chosen> {
  const { db, viewer } = reading;
  const { isNear, skip } = parsePlace(from);
  if (viewer === null || !isNear) return choosePopular(reading, skip, limit);
  const near = await rowsOf<SuggestionRow>(
    db,
    selectFollowsAround(db, { around: viewer, viewer, limit: limit + 1, skip }),
  );
  if (near.length > limit) return { rows: near.slice(0, limit), cursor: `a${skip + limit}` };
  const others = await choosePopular(reading, 0, limit - near.length);
  return { rows: [...near, ...others.rows], cursor: others.cursor };
}

async function choosePopular({ db, viewer }: ViewContext, skip: number, limit: number): Promise<Chosen> {
  const rows = await rowsOf<SuggestionRow>(db, selectPopular(db, { viewer, limit: limit + 1, skip }));
  return { rows: rows.slice(0, limit), cursor: rows.length > limit ? `p${skip + limit}` : undefined };
}

/** Refuses InvalidRequest `Malformed cursor`. */
export async function getSuggestions(reading: ViewContext, params: PageParams) {
  const { items, cursor } = await filled<Profile>(reading, params, async (from, limit) => {
    const { rows, cursor: next } = await choose(reading, from, limit);
    return { items: await profiles(reading, rows), cursor: next };
  });
  return { actors: items, cursor };
}
