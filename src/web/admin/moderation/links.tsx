/** Domains to which posts may not link, and hosts that nothing is taken from. */
import { BLOCKED_LINK, IS_BLOCKED_LINK } from "../../../appview/blocked-links.ts";
import { UnfitSetting, changeSettings } from "../../../lifecycle/host/settings.ts";
import { BLOCKED_LINKS_MAX, BlockedLinks } from "../../../moderation/blocked-links.ts";
import { domainNamed } from "../../../protocol/settings/domains.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { allowDomain, blockDomains } from "../../../xrpc/admin/links.ts";
import { MODERATORS, OWNERS } from "../../../xrpc/server/role-policies.ts";
import { type Fields, lineOf } from "../../forms.ts";
import { LinksPage } from "../../pages/admin/moderation/links.tsx";
import { wrong } from "../../problems.ts";
import { type DeskPage, type DeskVisit, type Said, shown } from "../desk.tsx";

/** Domains of one form: each is looked for in the search. */
const AT_ONCE = 20;
/** Hidden posts that are listed and counted. */
const LISTED = 20;
const COUNTED = 1_000;

interface Hidden {
  subject: string;
  ref: string;
}

async function block(visit: DeskVisit, fields: Fields): Promise<Said> {
  const { services, caller } = visit;
  const typed = (fields.get("domains") ?? "").split(/[\s,;]+/).filter(Boolean);
  if (typed.length === 0 || typed.length > AT_ONCE)
    return { problem: wrong(`Please enter 1 to ${AT_ONCE} domains.`, "domains"), fields };
  const domains = typed.map(domainNamed);
  const odd = typed.find((_, i) => domains[i] === null);
  if (odd !== undefined)
    return { problem: wrong(`“${odd}” is no domain. Write it as example.com.`, "domains"), fields };
  if (domains.some((domain) => domain === services.host.hostname))
    return { problem: wrong("That is this host itself.", "domains"), fields };
  try {
    await blockDomains(services, caller, [...new Set(domains.flatMap((domain) => domain ?? []))]);
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    return { problem: wrong(`No more than ${BLOCKED_LINKS_MAX} domains can be blocked.`), fields };
  }
  return { done: "Posts that link there are hidden here, those to come as well." };
}

export const links: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const { DIRECTORY, APPVIEW_DB, BLOCKED_HOSTS } = visit.services.env;
    const [blocked, { results }] = await Promise.all([
      new BlockedLinks(DIRECTORY).list(),
      APPVIEW_DB.prepare(
        `SELECT subject, ref FROM takedown WHERE ${IS_BLOCKED_LINK} LIMIT ${COUNTED}`,
      ).all<Hidden>(),
    ]);
    const hidden = Map.groupBy(results, ({ ref }) => ref.slice(BLOCKED_LINK.length));
    return shown(visit, said, (frame) => (
      <LinksPage
        {...frame}
        links={blocked.map(({ domain }) => ({ domain, hidden: hidden.get(domain)?.length ?? 0 }))}
        posts={results.slice(0, LISTED).map(({ subject }) => subject)}
        hosts={said.fields?.get("hosts") ?? BLOCKED_HOSTS}
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
      take: async ({ services, caller }, fields) => {
        try {
          await changeSettings(services.env, caller.actor, { BLOCKED_HOSTS: fields.get("hosts") ?? "" });
        } catch (thrown) {
          if (!(thrown instanceof UnfitSetting)) throw thrown;
          return { problem: wrong(`This ${thrown.message}.`, "hosts"), fields };
        }
        return { done: "Saved. It holds everywhere within a few seconds.", fields };
      },
    },
  },
};
