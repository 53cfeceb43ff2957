/** Domains to which posts may not link, and hosts that nothing is taken from. */
import { BLOCKED_LINK, IS_BLOCKED_LINK } from "../../../appview/blocked-links.ts";
import { BlockedLinks } from "../../../moderation/blocked-links.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { allowDomain, blockDomains } from "../../../xrpc/admin/links.ts";
import { MODERATORS, OWNERS } from "../../../xrpc/server/role-policies.ts";
import { type Fields, lineOf, wordsOf } from "../../forms.ts";
import { LinksPage } from "../../pages/admin/moderation/links.tsx";
import { wrong } from "../../problems.ts";
import { change } from "../change-settings.ts";
import { type DeskPage, type DeskVisit, type Said, shown } from "../desk.tsx";

const PAGE = 50;
/** Hidden posts that are listed and counted. */
const LISTED = 20;
const COUNTED = 1_000;

interface Hidden {
  subject: string;
  ref: string;
}

async function block({ services, caller }: DeskVisit, fields: Fields): Promise<Said> {
  try {
    await blockDomains(services, caller, wordsOf(fields, "domains"));
  } catch (thrown) {
    if (!isRefusal(thrown) || thrown.status >= 500) throw thrown;
    return { problem: wrong(`${thrown.message}.`, "domains"), fields };
  }
  return { done: "Posts that link there are hidden here, those to come as well." };
}

export const links: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const { DIRECTORY, APPVIEW_DB, BLOCKED_HOSTS } = visit.services.env;
    const [blocked, { results }] = await Promise.all([
      new BlockedLinks(DIRECTORY).list(PAGE + 1, visit.url.searchParams.get("after") ?? ""),
      APPVIEW_DB.prepare(
        `SELECT subject, ref FROM takedown WHERE ${IS_BLOCKED_LINK} LIMIT ${COUNTED}`,
      ).all<Hidden>(),
    ]);
    const hidden = Map.groupBy(results, ({ ref }) => ref.slice(BLOCKED_LINK.length));
    return shown(visit, said, (frame) => (
      <LinksPage
        {...frame}
        links={blocked
          .slice(0, PAGE)
          .map(({ domain }) => ({ domain, hidden: hidden.get(domain)?.length ?? 0 }))}
        after={blocked.length > PAGE ? (blocked[PAGE - 1]?.domain ?? null) : null}
        posts={results.slice(0, LISTED).map(({ subject }) => subject)}
        hosts={said.fields?.get("BLOCKED_HOSTS") ?? BLOCKED_HOSTS}
        wanted={said.fields}
      />
    ));
  },
  steps: {
    block: { may: MODERATORS, take: block },
    allow: {
      may: MODERATORS,
      take: async ({ services, caller }, fields) => {
        await allowDomain(services, caller, lineOf(fields, "domain"));
        return { done: "Posts may link there again, and those that were hidden are back." };
      },
    },
    hosts: {
      may: OWNERS,
      take: (visit, fields) => change(visit, { BLOCKED_HOSTS: fields.get("BLOCKED_HOSTS") ?? "" }, fields),
    },
  },
};
