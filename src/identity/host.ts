/** The host's names: from `PUBLIC_URL` and `HANDLE_DOMAINS`, or from the request where those are empty. */
import type { Did } from "@atcute/lexicons";
import type { Settings } from "../protocol/settings/list.ts";

export interface Host {
  /** `https://pds.example.com`, no trailing slash. */
  origin: string;
  hostname: string;
  /** `did:web:` of the host, with `%3A` before its port. */
  did: Did;
  /** Each has its leading dot. */
  handleDomains: string[];
  /** Of its earlier addresses. What names one of them means this host. */
  formerDids: Did[];
  local: boolean;
}

/** The did:web of a host at an origin. */
const didOf = (origin: string): Did => `did:web:${new URL(origin).host.replace(":", "%3A")}`;

/** Whether a DID is this host's, under its present address or an earlier one. */
export const isHostDid = ({ did, formerDids }: Pick<Host, "did" | "formerDids">, asked: string): boolean =>
  asked === did || formerDids.some((former) => former === asked);

const listed = (origins: string | undefined): string[] =>
  (origins ?? "").split(",").filter((origin) => origin !== "");

export function hostOf(
  requestUrl: string,
  env: Pick<Settings, "PUBLIC_URL" | "HANDLE_DOMAINS" | "LOCAL"> & Partial<Pick<Settings, "FORMER_URLS">>,
): Host {
  const url = new URL(env.PUBLIC_URL || requestUrl);
  const local = env.LOCAL === "1";
  const domains = env.HANDLE_DOMAINS || `.${url.hostname}`;
  return {
    origin: url.origin,
    hostname: url.hostname,
    did: didOf(url.origin),
    handleDomains: domains.split(","),
    formerDids: listed(env.FORMER_URLS).map(didOf),
    local,
  };
}

/**
 * Whether the host has no address yet, so that it serves nothing but its set-up. A local run is at home at the
 * address that it is asked at, unless it was started to be set up.
 */
export const isUnset = (env: Pick<Settings, "PUBLIC_URL" | "LOCAL" | "SETUP_CODE">): boolean =>
  env.PUBLIC_URL === "" && (env.LOCAL !== "1" || env.SETUP_CODE !== "");
