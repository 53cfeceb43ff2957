/** Blocks domains to which posts link. The directory decides, and the index follows. */
import type { Did } from "@atcute/lexicons";
import type { Act } from "../identity/unsettled.ts";
import { BLOCKED_LINKS_MAX, BlockedLinks } from "../moderation/blocked-links.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import type { SettlingServices } from "./services.ts";

/** Blocks domains, for posts that there are as well. `host` is its DID. Refuses InvalidRequest: too many. */
export async function blockLinks(
  services: SettlingServices,
  host: Did,
  domains: readonly string[],
  by: string,
): Promise<void> {
  const links = new BlockedLinks(services.env.DIRECTORY);
  const subject = JSON.stringify(domains);
  const begun = await services.directory.unsettled.begin(
    { did: host, kind: "links", subject },
    links.blocking(domains, by),
  );
  if (begun !== null) return settleLinks(services, begun.act);
  const known = (await links.list()).map(({ domain }) => domain);
  if (domains.some((domain) => !known.includes(domain)))
    throw invalidRequest(`No more than ${BLOCKED_LINKS_MAX} domains can be blocked`);
}

/** Allows a domain again, and shows what was hidden because of it. */
export async function allowLink(services: SettlingServices, host: Did, domain: string): Promise<void> {
  const begun = await services.directory.unsettled.begin(
    { did: host, kind: "links", subject: "[]" },
    new BlockedLinks(services.env.DIRECTORY).allowing([domain]),
  );
  if (begun !== null) await settleLinks(services, begun.act);
}

/** Tells the index. The act's subject has the domains that were blocked last, whose posts it has to find. */
export async function settleLinks(services: SettlingServices, act: Act): Promise<void> {
  const links = new BlockedLinks(services.env.DIRECTORY);
  const fresh: string[] = JSON.parse(act.subject ?? "[]");
  await services.directory.unsettled.carryOut(act, null, {
    read: async () => (await links.list()).map(({ domain }) => domain),
    follow: (domains) =>
      services.moderate([
        { kind: "links", domains, fresh: fresh.filter((domain) => domains.includes(domain)) },
      ]),
    holds: (domains) => links.holds(domains),
  });
}
