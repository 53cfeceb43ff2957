/**
 * app.bsky.graph.getStarterPack, getStarterPacks, getActorStarterPacks, getStarterPacksWithMembership,
 * searchStarterPacks, searchStarterPacksV2.
 */
import type { AppBskyGraphDefs } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { invalidRequest } from "../../../../protocol/refusal.ts";
import type { Facts } from "../../facts.ts";
import { complete, newFacts } from "../../hydration.ts";
import { resolveUri } from "../../queries/actors.ts";
import { didNamed, rowsBeside } from "../../queries/graph.ts";
import type { MemberRow } from "../../queries/lists.ts";
import {
  type PackPartsRow,
  type PackRow,
  type SampleRow,
  selectPackMembership,
  selectPacksOf,
  selectParts,
  selectSamples,
} from "../../queries/starter-packs.ts";
import type { MemberViewContext, ViewContext } from "../../view-context.ts";
import { Script, rowsOf } from "../../script.ts";
import { didOf } from "../../../uris.ts";
import { type PackParts, starterPack, starterPackBasic } from "../../views/starter-pack.ts";
import type { Plain } from "../../views/typed.ts";
import { listItemView } from "./get-lists.ts";
import type { PageParams } from "../fill-page.ts";
import { paged } from "../paged.ts";

export type Basic = Plain<AppBskyGraphDefs.StarterPackViewBasic>;
export type Full = Plain<AppBskyGraphDefs.StarterPackView>;

async function basics(reading: ViewContext, uris: readonly ResourceUri[]): Promise<Basic[]> {
  const facts = await complete(reading, newFacts(reading), { records: uris });
  return uris.flatMap((uri) => starterPackBasic({ facts, images: reading.images }, uri) ?? []);
}

/**
 * How many members are candidates for a pack's sample: twice as many as it shows, since some may be hidden.
 */
const CANDIDATES = 24;

interface Packs {
  facts: Facts;
  parts: Map<string, PackParts>;
  /** By list: the item by which the given account is on it. */
  items: Map<string, MemberRow>;
}

/**
 * Facts for full views of packs, and their parts, in two trips. With `member`, also that account's items on
 * their lists.
 */
export async function hydrate(
  reading: ViewContext,
  uris: readonly ResourceUri[],
  member: Did | null = null,
): Promise<Packs> {
  const { db } = reading;
  const script = new Script();
  const parts = new Map<string, PackParts>();
  const items = new Map<string, MemberRow>();
  const samples = new Map<string, SampleRow[]>();
  script.add<PackPartsRow>(true, selectParts(db, uris), (rows) => {
    for (const { uri, list, feeds } of rows) {
      parts.set(uri, { list, feeds: JSON.parse(feeds), sample: [] });
    }
  });
  script.add<SampleRow>(true, selectSamples(db, uris), (rows) => {
    for (const row of rows) samples.set(row.list, [...(samples.get(row.list) ?? []), row]);
  });
  script.add<MemberRow>(member !== null, selectPackMembership(db, member ?? "", uris), (rows) => {
    for (const row of rows) items.set(row.list, row);
  });
  await script.run(db);
  for (const part of parts.values()) part.sample = (samples.get(part.list) ?? []).slice(0, CANDIDATES);
  const members = [...parts.values()].flatMap(({ list, sample }) => sample.map(({ did }) => ({ list, did })));
  const facts = await complete(reading, newFacts(reading), {
    records: [...uris, ...[...parts.values()].flatMap(({ list, feeds }) => [list, ...feeds])],
    dids: [...members.map(({ did }) => did), ...(member === null ? [] : [member])],
    pairs: members.map(({ list, did }) => [didOf(list), did] as const),
  });
  return { facts, parts, items };
}

/** Refuses InvalidRequest `Starter pack not found`. */
export async function getStarterPack(
  reading: ViewContext,
  params: { starterPack: ResourceUri },
): Promise<{ starterPack: Full }> {
  const uri = await resolveUri(reading, params.starterPack);
  const { facts, parts } = await hydrate(reading, [uri]);
  const pack = starterPack({ facts, images: reading.images }, uri, parts.get(uri));
  if (pack === undefined) throw invalidRequest("Starter pack not found");
  return { starterPack: pack };
}

export async function getStarterPacks(reading: ViewContext, { uris }: { uris: readonly ResourceUri[] }) {
  return { starterPacks: await basics(reading, [...new Set(uris)]) };
}

export const outcome = <View>({ items, cursor }: { items: View[]; cursor?: string | undefined }) => ({
  starterPacks: items,
  cursor,
});

interface ActorParams extends PageParams {
  actor: string;
}

/** Refuses InvalidRequest `Profile not found`. */
export async function getActorStarterPacks(reading: ViewContext, params: ActorParams) {
  const { db } = reading;
  const did = await didNamed(db, params.actor);
  if (did === null) throw invalidRequest("Profile not found");
  return outcome(
    await paged<PackRow, Basic>(
      reading,
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

/**
 * The viewer's own packs, each with the account's item if the account is on its list. Refuses InvalidRequest
 * `Profile not found`.
 */
export async function getStarterPacksWithMembership(reading: MemberViewContext, params: ActorParams) {
  const { db, viewer } = reading;
  let did: Did | null = null;
  const { items, cursor } = await paged(
    reading,
    params,
    async (from, limit) => {
      const select = selectPacksOf(db, viewer, from, limit);
      const named = await rowsBeside<PackRow>(db, params.actor, select);
      did = named.did;
      if (did === null) throw invalidRequest("Profile not found");
      return named.rows;
    },
    async (rows) => {
      const uris = rows.map(({ uri }) => uri);
      const packs = await hydrate(reading, uris, did);
      return uris.flatMap((uri) => membershipView(reading, packs, uri) ?? []);
    },
  );
  return { starterPacksWithMembership: items, cursor };
}

function membershipView(reading: ViewContext, { facts, parts, items }: Packs, uri: ResourceUri) {
  const pack = starterPack({ facts, images: reading.images }, uri, parts.get(uri));
  if (pack === undefined) return undefined;
  const item = items.get(parts.get(uri)?.list ?? "");
  const listItem = item && listItemView(reading, facts, item);
  return { starterPack: pack, listItem };
}
