/** The context of every page: one request, by whom, and all that an answer may need. */
import type { Did } from "@atcute/lexicons";
import { randomHex } from "../oauth/digest.ts";
import type { Services } from "../xrpc/server/services.ts";
import { Browser } from "./sign-in/browser.ts";

/** The host's address, and what its pages say about it. */
export interface HostWords {
  /** No trailing slash. */
  origin: string;
  hostname: string;
  did: Did;
  /** Each with its leading dot. */
  handleDomains: readonly string[];
  registration: "invite" | "approval" | "closed" | "open";
  /** Whether members have invites to give. */
  memberInvites: boolean;
  /** Whose place it is. */
  kind: "community" | "person";
  /** The parts of one person's front page beside posts: `replies`, `media`, NSIDs of collections. */
  shows: readonly string[];
  /** Whether guests see what members say. */
  isOpen: boolean;
  /** The community's name for itself. */
  name: string;
  /** The path of its logo; null if it has none. */
  logo: string | null;
  /** `#rrggbb`; any other value means Atoll's own colour. */
  colour: string;
  /** Addresses of the community's own pages, and of whoever runs the host; null if there are none. */
  terms: string | null;
  privacy: string | null;
  contact: string | null;
}

/** The facts that the frame around every page needs. */
export interface Frame {
  host: HostWords;
  /** Allows this answer's own inline style and script (CSP). */
  nonce: string;
}

export interface Visit {
  services: Services;
  request: Request;
  url: URL;
  frame: Frame;
  browser: Browser;
  /** The host's own secret, from which challenges are derived. */
  secret: string;
}

export function wordsOf({ host, env }: Services): HostWords {
  return {
    origin: host.origin,
    hostname: host.hostname,
    did: host.did,
    handleDomains: host.handleDomains,
    registration: env.REGISTRATION,
    memberInvites: Number(env.MEMBER_INVITES) > 0,
    kind: env.HOST_KIND,
    shows: env.PERSON_SHOWS.split(",").filter(Boolean),
    isOpen: env.APP_READERS === "everybody",
    name: env.HOST_NAME || host.hostname,
    logo: env.HOST_LOGO ? `/account/logo/${env.HOST_LOGO}` : null,
    colour: env.HOST_COLOR ?? "",
    terms: env.TERMS_URL || null,
    privacy: env.PRIVACY_URL || null,
    contact: env.CONTACT_EMAIL || null,
  };
}

export const frameOf = (services: Services): Frame => ({ host: wordsOf(services), nonce: randomHex(16) });

export async function visitOf(services: Services, request: Request): Promise<Visit> {
  const secret = await services.directory.secret("JWT_SECRET");
  return {
    services,
    request,
    url: new URL(request.url),
    frame: frameOf(services),
    browser: await Browser.of(services, secret, request),
    secret,
  };
}
