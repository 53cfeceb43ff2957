/** app.bsky.actor.searchActorsTypeahead, searchActors. */
import type { Did } from "@atcute/lexicons";
import type { Facts } from "../../facts.ts";
import { complete, newFacts } from "../../hydration.ts";
import { type FoundActor, selectActorsByName } from "../../queries/search.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { profileBasic, profileView } from "../../views/profile.ts";
import { viewerBlocks } from "../../views/rules.ts";

interface Params {
  q?: string | undefined;
  /** The older name of `q`. */
  term?: string | undefined;
  limit: number;
}

/**
 * Finds accounts in a block with the viewer only by their exact handle: the viewer must be able to unblock
 * them.
 */
async function find(
  reading: ViewContext,
  { q, term, limit }: Params,
): Promise<{ facts: Facts; dids: Did[] }> {
  const { db } = reading;
  const text = (q ?? term ?? "").trim();
  const found = await rowsOf<FoundActor>(db, selectActorsByName(db, text, limit));
  const dids = found.map(({ did }) => did);
  const facts = await complete(reading, newFacts(reading), { dids });
  const wanted = text.replace(/^@/, "").toLowerCase();
  return {
    facts,
    dids: dids.filter((did) => facts.actors.get(did)?.handle === wanted || !viewerBlocks(facts, did)),
  };
}

export async function searchActorsTypeahead(reading: ViewContext, params: Params) {
  const { facts, dids } = await find(reading, params);
  const present = { facts, images: reading.images };
  return { actors: dids.flatMap((did) => profileBasic(present, did) ?? []) };
}

export async function searchActors(reading: ViewContext, params: Params) {
  const { facts, dids } = await find(reading, params);
  const present = { facts, images: reading.images };
  return { actors: dids.flatMap((did) => profileView(present, did) ?? []) };
}
