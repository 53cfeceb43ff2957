/**
 * app.bsky.graph.getStarterPack, getStarterPacks, getActorStarterPacks, getStarterPacksWithMembership,
 * searchStarterPacks, searchStarterPacksV2.
 */
import type { AppBskyGraphDefs } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import { invalidRequest } from "../../protocol/refusal.ts";
import type { Facts } from "../facts.ts";
import { complete, newFacts } from "../hydration.ts";
import { resolveUri } from "../queries/actors.ts";
import { didNamed } from "../queries/graph.ts";
import { type MemberRow, selectMembership } from "../queries/lists.ts";
import {
  type PackPartsRow,
  type PackRow,
  type SampleRow,
  selectPacksNamed,
  selectPacksOf,
  selectParts,
  selectSamples,
} from "../queries/starter-packs.ts";
import type { OwnReading, Reading } from "../reads.ts";
import { Script, rowsOf } from "../script.ts";
import { didOf } from "../uris.ts";
import { viewerBlocks } from "../views/rules.ts";
import { type PackParts, starterPack, starterPackBasic } from "../views/starter-pack.ts";
import type { Plain } from "../views/typed.ts";
import { listItemView } from "./get-lists.ts";
import { type PageParams, paged } from "./paged.ts";

type Basic = Plain<AppBskyGraphDefs.StarterPackViewBasic>;
type Full = Plain<AppBskyGraphDefs.StarterPackView>;

async function basics(reading: Reading, uris: readonly ResourceUri[]): Promise<Basic[]> {
  const facts = await complete(reading, newFacts(reading), { records: uris });
  return uris.flatMap((uri) => starterPackBasic({ facts, images: reading.images }, uri) ?? []);
}

/** Facts for whole packs, and what each is made of: two trips. */
async function hydrate(
  reading: Reading,
  uris: readonly ResourceUri[],
): Promise<{ facts: Facts; parts: Map<string, PackParts> }> {
  const { db } = reading;
  const script = new Script();
  const parts = new Map<string, PackParts>();
  const samples = new Map<string, SampleRow[]>();
  script.add<PackPartsRow>(true, selectParts(db, uris), (rows) => {
    for (const { uri, list, feeds } of rows) {
      parts.set(uri, { list, feeds: JSON.parse(feeds) as ResourceUri[], sample: [] });
    }
  });
  script.add<SampleRow>(true, selectSamples(db, uris), (rows) => {
    for (const row of rows) samples.set(row.list, [...(samples.get(row.list) ?? []), row]);
  });
  await Promise.all([script.run(db), reading.mutedLists()]);
  for (const part of parts.values()) part.sample = samples.get(part.list) ?? [];
  const members = [...samples.values()].flat();
  const facts = await complete(reading, newFacts(reading), {
    records: [...uris, ...[...parts.values()].flatMap(({ list, feeds }) => [list, ...feeds])],
    dids: members.map(({ did }) => did),
    pairs: members.map(({ list, did }) => [didOf(list), did] as const),
  });
  return { facts, parts };
}

/** Refuses InvalidRequest `Starter pack not found`. */
export async function getStarterPack(
  reading: Reading,
  params: { starterPack: ResourceUri },
): Promise<{ starterPack: Full }> {
  const uri = await resolveUri(reading.db, params.starterPack);
  const { facts, parts } = await hydrate(reading, [uri]);
  const pack = starterPack({ facts, images: reading.images }, uri, parts.get(uri));
  if (pack === undefined) throw invalidRequest("Starter pack not found");
  return { starterPack: pack };
}

export async function getStarterPacks(reading: Reading, { uris }: { uris: readonly ResourceUri[] }) {
  return { starterPacks: await basics(reading, [...new Set(uris)]) };
}

const outcome = <View>({ items, cursor }: { items: View[]; cursor?: string }) => ({
  starterPacks: items,
  ...(cursor === undefined ? {} : { cursor }),
});

interface ActorParams extends PageParams {
  actor: string;
}

/** Refuses InvalidRequest `Profile not found`. */
export async function getActorStarterPacks(reading: Reading, params: ActorParams) {
  const { db } = reading;
  const did = await didNamed(db, params.actor);
  if (did === null) throw invalidRequest("Profile not found");
  return outcome(
    await paged<PackRow, Basic>(
      params,
      (cursor, limit) => rowsOf(db, selectPacksOf(db, did, cursor, limit)),
      (rows) =>
        basics(
          reading,
          rows.map(({ uri }) => uri),
        ),
    ),
  );
}

/** The viewer's own packs, each with the item through which the account is on its list. Refuses `Profile not found`. */
export async function getStarterPacksWithMembership(reading: OwnReading, params: ActorParams) {
  const { db, viewer } = reading;
  const did = await didNamed(db, params.actor);
  if (did === null) throw invalidRequest("Profile not found");
  const { items, cursor } = await paged(
    params,
    (from, limit) => rowsOf<PackRow>(db, selectPacksOf(db, viewer, from, limit)),
    async (rows) => {
      const { facts, parts } = await hydrate(
        reading,
        rows.map(({ uri }) => uri),
      );
      const lists = [...parts.values()].map(({ list }) => list);
      const [memberships] = await Promise.all([
        rowsOf<MemberRow>(db, selectMembership(db, did, lists)),
        complete(reading, facts, { dids: [did] }),
      ]);
      const itemOn = new Map(memberships.map((row) => [row.list as string, row]));
      return rows.flatMap(({ uri }) => {
        const pack = starterPack({ facts, images: reading.images }, uri, parts.get(uri));
        if (pack === undefined) return [];
        const row = itemOn.get(parts.get(uri)?.list ?? "");
        const listItem = row && listItemView(reading, facts, row);
        return [{ starterPack: pack, ...(listItem === undefined ? {} : { listItem }) }];
      });
    },
  );
  return { starterPacksWithMembership: items, ...(cursor === undefined ? {} : { cursor }) };
}

interface SearchParams extends PageParams {
  q: string;
}

const found = ({ db }: Reading, { q }: SearchParams) => {
  const text = q.trim();
  return (cursor: { sort: number; cid: string }, limit: number) =>
    rowsOf<PackRow>(db, selectPacksNamed(db, text, cursor, limit));
};

/** By name. Whoever blocks the viewer, or is blocked, is left out. */
export async function searchStarterPacks(reading: Reading, params: SearchParams) {
  return outcome(
    await paged<PackRow, Basic>(params, found(reading, params), async (rows) => {
      const records = rows.map(({ uri }) => uri);
      const facts = await complete(reading, newFacts(reading), { records });
      const present = { facts, images: reading.images };
      return records.flatMap((uri) =>
        viewerBlocks(facts, didOf(uri)) ? [] : (starterPackBasic(present, uri) ?? []),
      );
    }),
  );
}

export async function searchStarterPacksV2(reading: Reading, params: SearchParams) {
  return outcome(
    await paged<PackRow, Full>(params, found(reading, params), async (rows) => {
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
