/** app.bsky.graph.searchStarterPacks, searchStarterPacksV2. */
import type { Cursor } from "../../cursors.ts";
import { complete, newFacts } from "../../hydration.ts";
import { type PackRow, selectPacksNamed } from "../../queries/starter-packs.ts";
import type { ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { didOf } from "../../../uris.ts";
import { viewerBlocks } from "../../views/rules.ts";
import { starterPack, starterPackBasic } from "../../views/starter-pack.ts";
import type { PageParams } from "../fill-page.ts";
import { paged } from "../paged.ts";
import { type Basic, type Full, hydrate, outcome } from "./starter-packs.ts";

interface SearchParams extends PageParams {
  q: string;
}

const found = ({ db }: ViewContext, { q }: SearchParams) => {
  const text = q.trim();
  return (cursor: Cursor, limit: number) => rowsOf<PackRow>(db, selectPacksNamed(db, text, cursor, limit));
};

/** Finds packs by name. Omits those of accounts in a block with the viewer. */
export async function searchStarterPacks(reading: ViewContext, params: SearchParams) {
  return outcome(
    await paged<PackRow, Basic>(reading, params, found(reading, params), async (rows) => {
      const records = rows.map(({ uri }) => uri);
      const facts = await complete(reading, newFacts(reading), { records });
      const present = { facts, images: reading.images };
      return records.flatMap((uri) =>
        viewerBlocks(facts, didOf(uri)) ? [] : (starterPackBasic(present, uri) ?? []),
      );
    }),
  );
}

export async function searchStarterPacksV2(reading: ViewContext, params: SearchParams) {
  return outcome(
    await paged<PackRow, Full>(reading, params, found(reading, params), async (rows) => {
      const { facts, parts } = await hydrate(
        reading,
        rows.map(({ uri }) => uri),
      );
      const present = { facts, images: reading.images };
      return rows.flatMap(({ uri }) =>
        viewerBlocks(facts, didOf(uri)) ? [] : (starterPack(present, uri, parts.get(uri)) ?? []),
      );
    }),
  );
}
