/** The list of members, and the search for one. */
import { selectNamedLike, type NamedRow } from "../../appview/reads/queries/names.ts";
import {
  type ListedRow,
  type MemberFilter,
  cursorAfter,
  listedMember,
  membersLike,
  membersPage,
} from "../../identity/member-list.ts";
import type { Member } from "../../identity/member.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import { MODERATORS } from "../../xrpc/server/role-policies.ts";
import { FILTERS, type MemberList, MembersPage } from "../pages/admin/members.tsx";
import { type DeskPage, type DeskVisit, shown } from "./desk.tsx";
import { type Names, namesOf, profileIn } from "./names.ts";

const PAGE = 50;

export const members: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const list = await listFor(visit);
    return shown(visit, said, (frame) => <MembersPage {...frame} list={list} />);
  },
  steps: {},
};

async function listFor(visit: DeskVisit): Promise<MemberList> {
  const { searchParams } = visit.url;
  const search = visibleText(searchParams.get("q") ?? "").replace(/^@/, "");
  return search === "" ? pageOf(visit) : found(visit, search);
}

async function pageOf({ services: { env }, url }: DeskVisit): Promise<MemberList> {
  const filter = filterOf(url.searchParams.get("show"));
  const cursor = url.searchParams.get("after");
  const rows = await membersPage(env.DIRECTORY, { filter, cursor, limit: PAGE + 1 }).all<ListedRow>();
  const people = rows.results.map(listedMember);
  const page = people.slice(0, PAGE);
  const last = page.at(-1);
  const names = await namesOf(
    env.APPVIEW_DB,
    page.map(({ did }) => did),
  );
  return {
    search: "",
    filter,
    people: named(page, names),
    after: last !== undefined && people.length > PAGE ? cursorAfter(last) : null,
  };
}

const filterOf = (text: string | null): MemberFilter => FILTERS.find(([name]) => name === text)?.[0] ?? "all";

async function found({ services: { env } }: DeskVisit, search: string): Promise<MemberList> {
  const byName = selectNamedLike(env.APPVIEW_DB, search, PAGE);
  const rowsByName = byName === null ? [] : (await byName.all<NamedRow>()).results;
  const names = new Map(rowsByName.map((row) => [row.did, row]));
  const rows = await membersLike(env.DIRECTORY, {
    text: search,
    dids: [...names.keys()],
    limit: PAGE,
  }).all<ListedRow>();
  return { search, filter: "all", people: named(rows.results.map(listedMember), names), after: null };
}

const named = (people: readonly Member[], names: Names) =>
  people.map((member) => ({ member, profile: profileIn(names, member.did) }));
