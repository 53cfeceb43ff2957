/** The list of members, and the search for one. */
import { selectNamedLike, type NamedRow } from "../../../appview/reads/queries/names.ts";
import {
  type ListedRow,
  type MemberFilter,
  cursorAfter,
  listedMember,
  membersLike,
  membersPage,
} from "../../../identity/member-list.ts";
import type { Did } from "@atcute/lexicons";
import type { Member } from "../../../identity/member.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { isDid } from "../../../protocol/syntax.ts";
import { visibleText } from "../../../protocol/visible-text.ts";
import { MODERATORS } from "../../../xrpc/server/role-policies.ts";
import { setAccountInvites } from "../../../xrpc/admin/members.ts";
import { setAccountTakedown } from "../../../xrpc/admin/subject-status.ts";
import type { Fields } from "../../forms.ts";
import { BULK_ACTS, BulkPage } from "../../pages/admin/members/bulk.tsx";
import { FILTERS, type MemberList, MembersPage } from "../../pages/admin/members/members.tsx";
import { wrong } from "../../problems.ts";
import { type DeskPage, type DeskVisit, type Said, shown } from "../desk.tsx";
import { type Names, namesOf, profileIn } from "../names.ts";

const PAGE = 50;

export const members: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const list = await listFor(visit);
    return shown(visit, said, (frame) => <MembersPage {...frame} list={list} />);
  },
  steps: {
    preview: { may: MODERATORS, take: preview },
    apply: { may: MODERATORS, take: apply },
  },
};

/** The members that a form names, by fields of their DIDs. The page has as many. */
const chosenIn = (fields: Fields): Did[] => [...fields.keys()].filter(isDid).slice(0, PAGE);

const actIn = (fields: Fields) => BULK_ACTS.find(([name]) => name === fields.get("act"))?.[0] ?? null;

/** Shows what an act upon several members would do, and to whom. */
async function preview(visit: DeskVisit, fields: Fields): Promise<Said | Response> {
  const act = actIn(fields);
  const found = await visit.services.directory.findAll(chosenIn(fields));
  if (act === null || found.size === 0) return { problem: wrong("Please choose members, and what to do.") };
  return shown(visit, {}, (frame) => <BulkPage {...frame} act={act} people={[...found.values()]} />);
}

/** One by one, so that each is in the log and one that is refused holds up no other. */
async function apply(visit: DeskVisit, fields: Fields): Promise<Said> {
  const { services, caller } = visit;
  const act = actIn(fields);
  if (act === null) return { problem: wrong("Please choose what to do.") };
  const refused: string[] = [];
  let done = 0;
  for (const did of chosenIn(fields)) {
    try {
      if (act === "invites-off") await setAccountInvites(services, caller, did, { disabled: true });
      else await setAccountTakedown(services, caller, did, act === "suspend" ? "SUSPEND" : null);
      done++;
    } catch (thrown) {
      if (!isRefusal(thrown) || thrown.status >= 500) throw thrown;
      refused.push(did);
    }
  }
  const outcome = `Done for ${done === 1 ? "one member" : `${done} members`}.`;
  if (refused.length === 0) return { done: outcome };
  return { problem: wrong(`${outcome} Refused for ${refused.join(", ")}: they hold a role, or are gone.`) };
}

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
