/** The default service of a request without `atproto-proxy`, chosen as the reference's PDS does. */
import type { Settings } from "../../protocol/settings/list.ts";

/**
 * Returns `did#service`, or null for this host. Ozone methods go to the trusted Ozone. All of app.bsky, and
 * any method this host does not serve, go to the upstream AppView if there is one. Reports stay here, since
 * the host is its own labeler.
 */
export function defaultService(
  nsid: string,
  served: boolean,
  { APPVIEW, MOD_SERVICE }: Pick<Settings, "APPVIEW" | "MOD_SERVICE">,
): string | null {
  if (nsid.startsWith("tools.ozone.")) return MOD_SERVICE ? `${MOD_SERVICE}#atproto_labeler` : null;
  if (APPVIEW === "local" || (served && !nsid.startsWith("app.bsky."))) return null;
  return APPVIEW;
}

/**
 * Whether this PDS serves a method whatever a request's `atproto-proxy` says: a repo, an account, an identity
 * and preferences have only one home, and the body of a push registration names its service.
 */
export const isServedHere = (nsid: string): boolean => HERE.test(nsid);

const HERE =
  /^(com\.atproto\.(admin|identity|repo|server|sync|temp)\.|internal\.atoll\.|app\.bsky\.actor\.(get|put)Preferences$|app\.bsky\.notification\.(un)?registerPush$)/;
