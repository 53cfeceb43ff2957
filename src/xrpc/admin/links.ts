/** Domains to which posts may not link, by owners and moderators. */
import { allowLink, blockLinks } from "../../lifecycle/blocked-links.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";
import { act } from "./acts.ts";

/** Refuses InvalidRequest: too many. */
export async function blockDomains(
  services: Services,
  caller: ActingCaller,
  domains: readonly string[],
): Promise<void> {
  await act(services, caller, "blockLinks", undefined, { domains }, () =>
    blockLinks(services, services.host.did, domains, caller.actor),
  );
}

export async function allowDomain(services: Services, caller: ActingCaller, domain: string): Promise<void> {
  await act(services, caller, "allowLink", undefined, { domain }, () =>
    allowLink(services, services.host.did, domain),
  );
}
