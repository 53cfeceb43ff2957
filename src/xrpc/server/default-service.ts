/** Which service a request is for that names none by `atproto-proxy` (as the reference's PDS decides it). */
import type { Vars } from "../../protocol/stations.ts";

/**
 * `did#service`, or null for this host: what belongs to an Ozone goes to the one that is trusted here; all of app.bsky,
 * and what this host does not serve, to the upstream AppView, if there is one. Reports stay, since the host is its own
 * labeler.
 */
export function defaultService(
  nsid: string,
  served: boolean,
  { APPVIEW, MOD_SERVICE }: Pick<Vars, "APPVIEW" | "MOD_SERVICE">,
): string | null {
  if (nsid.startsWith("tools.ozone.")) return MOD_SERVICE ? `${MOD_SERVICE}#atproto_labeler` : null;
  if (APPVIEW === "local" || (served && !nsid.startsWith("app.bsky."))) return null;
  return APPVIEW;
}
