/** app.bsky.graph.getLists, getListsWithMembership, getListMutes, getListBlocks, getList. */
import type { AppBskyActorDefs, AppBskyGraphDefs } from "@atcute/bluesky";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { invalidRequest, must } from "../../../../protocol/refusal.ts";
import type { Facts } from "../../facts.ts";
import { complete, newFacts } from "../../hydration.ts";
import { didNamed, rowsBeside } from "../../queries/graph.ts";
import {
  type ListRow,
  type MemberRow,
  selectBlockedLists,
  selectListsByUri,
  selectListsOf,
  selectMembers,
  selectMembership,
} from "../../queries/lists.ts";
import type { MemberViewContext, ViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";
import { LIST_ITEM, didOf, uriOf } from "../../../uris.ts";
import { listView } from "../../views/list.ts";
import { profileView } from "../../views/profile.ts";
import { blockEachOther } from "../../views/rules.ts";
import type { Plain } from "../../views/typed.ts";
import type { PageParams } from "../fill-page.ts";
import { paged } from "../paged.ts";

type ListView = Plain<AppBskyGraphDefs.ListView>;
type ItemView = Plain<AppBskyGraphDefs.ListItemView>;

async function listViews(reading: ViewContext, rows: ListRow[]): Promise<ListView[]> {
  const records = rows.map(({ uri }) => uri);
  const facts = await complete(reading, newFacts(reading), { records });
  return records.flatMap((uri) => listView({ facts, images: reading.images }, uri) ?? []);
}

const outcome = ({ items, cursor }: { items: ListView[]; cursor?: string | undefined }) => ({
  lists: items,
  cursor,
});

interface ListsParams extends PageParams {
  actor: string;
  purposes?: readonly string[] | undefined;
}

/** Refuses InvalidRequest `Profile not found`. */
export async function getLists(reading: ViewContext, params: ListsParams) {
  const { db } = reading;
  const did = await didNamed(db, params.actor);
  if (did === null) throw invalidRequest("Profile not found");
  const { purposes } = params;
  return outcome(
    await paged<ListRow, ListView>(
      reading,
      params,
      (cursor, limit) => rowsOf(db, selectListsOf(db, did, purposes, cursor, limit)),
      (rows) => listViews(reading, rows),
    ),
  );
}

export async function getListMutes(reading: MemberViewContext, params: PageParams) {
  const { db } = reading;
  const muted = await reading.mutedLists.read();
  return outcome(
    await paged<ListRow, ListView>(
      reading,
      params,
      (cursor, limit) => rowsOf(db, selectListsByUri(db, muted, cursor, limit)),
      (rows) => listViews(reading, rows),
    ),
  );
}

export async function getListBlocks(reading: MemberViewContext, params: PageParams) {
  const { db, viewer } = reading;
  return outcome(
    await paged<ListRow, ListView>(
      reading,
      params,
      (cursor, limit) => rowsOf(db, selectBlockedLists(db, viewer, cursor, limit)),
      (rows) => listViews(reading, rows),
    ),
  );
}

/** A list's member as an item of the list; undefined if the account is hidden. */
export function listItemView(
  reading: ViewContext,
  facts: Facts,
  { list, did, rkey }: Pick<MemberRow, "list" | "did" | "rkey">,
): ItemView | undefined {
  const subject: AppBskyActorDefs.ProfileView | undefined = profileView(
    { facts, images: reading.images },
    did,
  );
  return subject && { uri: uriOf(didOf(list), LIST_ITEM, rkey), subject };
}

/**
 * The viewer's own lists, each with the account's item if the account is on it. Refuses InvalidRequest
 * `Profile not found`.
 */
export async function getListsWithMembership(reading: MemberViewContext, params: ListsParams) {
  const { db, viewer } = reading;
  let did: Did | null = null;
  const { items, cursor } = await paged(
    reading,
    params,
    async (from, limit) => {
      const select = selectListsOf(db, viewer, params.purposes, from, limit);
      const named = await rowsBeside<ListRow>(db, params.actor, select);
      did = named.did;
      if (did === null) throw invalidRequest("Profile not found");
      return named.rows;
    },
    (rows) => memberships(reading, rows, must(did, "the account named")),
  );
  return { listsWithMembership: items, cursor };
}

async function memberships(reading: ViewContext, rows: ListRow[], did: Did) {
  const records = rows.map(({ uri }) => uri);
  const facts = newFacts(reading);
  const [items] = await Promise.all([
    rowsOf<MemberRow>(reading.db, selectMembership(reading.db, did, records)),
    complete(reading, facts, { records, dids: [did] }),
  ]);
  const itemOn = new Map<string, MemberRow>(items.map((row) => [row.list, row]));
  return records.flatMap((uri) => {
    const list = listView({ facts, images: reading.images }, uri);
    if (list === undefined) return [];
    const row = itemOn.get(uri);
    const listItem = row && listItemView(reading, facts, row);
    return [{ list, listItem }];
  });
}

interface ListParams extends PageParams {
  list: ResourceUri;
}

/**
 * A list and its members, newest first. Members in a block with the owner are shown to the owner alone,
 * unless it is a moderation list. Refuses InvalidRequest `List not found`.
 */
export async function getList(reading: ViewContext, params: ListParams) {
  const { db, viewer } = reading;
  const uri = params.list;
  const owner: Did = didOf(uri);
  let list: ListView | undefined;
  const show = async (rows: MemberRow[]): Promise<ItemView[]> => {
    const facts = await complete(reading, newFacts(reading), {
      records: [uri],
      dids: rows.map(({ did }) => did),
      pairs: rows.map(({ did }) => [owner, did] as const),
    });
    list = listView({ facts, images: reading.images }, uri);
    const all = viewer === owner || list?.purpose === "app.bsky.graph.defs#modlist";
    return rows.flatMap((row) =>
      all || !blockEachOther(facts, owner, row.did) ? (listItemView(reading, facts, row) ?? []) : [],
    );
  };
  const { items, cursor } = await paged<MemberRow, ItemView>(
    reading,
    params,
    (from, limit) => rowsOf(db, selectMembers(db, uri, from, limit)),
    show,
  );
  // An empty list is shown, too.
  if (list === undefined) await show([]);
  if (list === undefined) throw invalidRequest("List not found");
  return { list, items, cursor };
}
