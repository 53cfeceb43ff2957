/** Puts an account of another host into the index: where it lives, its name both ways, its profile with proof. */
import { settleForeign } from "../../appview/index/foreign.ts";
import { PROFILE } from "../../appview/uris.ts";
import type { DidResolver } from "../../identity/did.ts";
import type { Directory } from "../../identity/directory.ts";
import { HandleResolver } from "../../identity/handle.ts";
import type { Host } from "../../identity/host.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { Gates, Purse } from "../elsewhere/gates.ts";
import { handleOf } from "../elsewhere/identity.ts";
import { recordAt } from "../elsewhere/records.ts";
import type { Identified } from "./identifying.ts";

interface Introducing extends Pick<Bindings, "APPVIEW_DB" | "LOCAL"> {
  directory: Directory;
  dids: DidResolver;
  host: Host;
}

/** Requests for one account: two for its name, one for its profile. */
const REQUESTS = 3;

export function introduction({ APPVIEW_DB, LOCAL, directory, dids, host }: Introducing) {
  const env = { LOCAL };
  const handles = new HandleResolver(env, directory, dids, host.handleDomains, Date.now, host.hostname);
  const services = { directory, dids, handles, host, env };
  const gates = new Gates();
  return async ({ who, origin, claimed }: Identified): Promise<void> => {
    const account = { did: who.did, key: who.key, origin, home: who.host, claimed };
    const purse = new Purse(REQUESTS);
    const asking = { gates, purse, local: LOCAL === "1", origin: host.origin, now: Date.now };
    const handle = (await handleOf(services, purse, account)) ?? null;
    const profile = await recordAt(asking, account, PROFILE, "self");
    const status = profile.kind === "inactive" ? profile.status : null;
    const put = profile.kind === "record" ? profile.put : null;
    await settleForeign(
      APPVIEW_DB,
      { did: who.did, handle, home: who.host, status, profile: put },
      Date.now(),
    );
  };
}
