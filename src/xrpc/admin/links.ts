/** Domains to which posts may not link, by owners and moderators: the same for XRPC and for the admin's pages. */
import { allowLink, blockLinks } from "../../lifecycle/blocked-links.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import { domainNamed } from "../../protocol/settings/domains.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";
import { act } from "./acts.ts";

/** Domains of one call: each is looked for in the search. */
const AT_ONCE = 20;

/**
 * Hides posts that link to these domains, or below them. Refuses InvalidRequest for what is no domain, for this
 * host's own, and for too many.
 * @param typed domains, or links to them
 */
export async function blockDomains(
  services: Services,
  caller: ActingCaller,
  typed: readonly string[],
): Promise<void> {
  if (typed.length === 0 || typed.length > AT_ONCE)
    throw invalidRequest(`Please enter 1 to ${AT_ONCE} domains`);
  const domains = [...new Set(typed.map(checkedDomain))];
  if (domains.includes(services.host.hostname)) throw invalidRequest("That is this host itself");
  await act(services, caller, "blockLinks", undefined, { domains }, () =>
    blockLinks(services, services.host.did, domains, caller.actor),
  );
}

/** Shows again what was hidden for this domain alone. Refuses InvalidRequest for what is no domain. */
export async function allowDomain(services: Services, caller: ActingCaller, typed: string): Promise<void> {
  const domain = checkedDomain(typed);
  await act(services, caller, "allowLink", undefined, { domain }, () =>
    allowLink(services, services.host.did, domain),
  );
}

function checkedDomain(typed: string): string {
  const domain = domainNamed(typed);
  if (domain === null) throw invalidRequest(`“${typed.slice(0, 100)}” is no domain. Write it as example.com`);
  return domain;
}
