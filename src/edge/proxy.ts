/**
 * Service proxying (atproto spec, "XRPC: Service Proxying"): a member's request, passed on to the service that the
 * `atproto-proxy` header names, signed by the member's key. This host's own AppView is served here, without a detour.
 */
import { isDid } from "@atcute/lexicons/syntax";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import { serviceEndpoint } from "../identity/did-document.ts";
import { publicUrl } from "../identity/outbound.ts";
import { PRIVILEGED, STANDARD, TAKENDOWN, session } from "../xrpc/auth.ts";
import { PROTECTED_METHODS, isPrivilegedMethod, issueServiceToken } from "../xrpc/service-auth.ts";
import type { Services } from "../xrpc/services.ts";

interface Target {
  did: string;
  service: string;
  url: string;
}

const UPSTREAM_TIMEOUT_MS = 30_000;
const FORWARDED_REQUEST = [
  "accept-language",
  "atproto-accept-labelers",
  "x-bsky-topics",
  "content-type",
  "content-encoding",
];
const RETURNED = [
  "content-type",
  "content-language",
  "atproto-repo-rev",
  "atproto-content-labelers",
  "retry-after",
];

/** Served by this PDS whatever the header says: a repo, an account or an identity has one home. */
const LOCAL =
  /^(com\.atproto\.(admin|identity|repo|server|sync|temp)\.|app\.bsky\.actor\.(get|put)Preferences$)/;

const sessionForProxy = session({ scopes: STANDARD, checkTakedown: true });
/** Whoever is taken down may still appeal, to whichever labeler. */
const sessionForReport = session({ scopes: [...STANDARD, TAKENDOWN] });
const REPORT = "com.atproto.moderation.createReport";

/** Passes the request on, if it is meant for another service; null when this host serves it. */
export async function proxied(
  request: Request,
  url: URL,
  nsid: string,
  served: boolean,
  services: Services,
): Promise<{ response: Response; did: string | null } | null> {
  if (LOCAL.test(nsid)) return null;
  const wanted = request.headers.get("atproto-proxy") ?? defaultTarget(nsid, services.env.APPVIEW);
  if (wanted === null) return null;
  const { did, service } = parseProxyHeader(wanted);
  if (did === services.host.did) {
    if (served) return null;
    throw new Refusal("MethodNotImplemented", "Method Not Implemented", 501);
  }
  if (PROTECTED_METHODS.has(nsid)) throw new Refusal("InvalidToken", "Bad token method", 400);
  const sessionFor = nsid === REPORT ? sessionForReport : sessionForProxy;
  const caller = await sessionFor({ request, nsid, services, params: {} });
  // What an app may ask for is in its scopes, which were looked at.
  if (caller.kind === "session" && isPrivilegedMethod(nsid) && !PRIVILEGED.includes(caller.scope)) {
    throw new Refusal("InvalidToken", "Bad token method", 400);
  }
  const target = { did, service, url: await endpointOf(did, service, services) };
  const token = await issueServiceToken(services, caller.did, { aud: did, lxm: nsid });
  return { response: await forward(request, url, target, token, services), did: caller.did };
}

/** With no header: an upstream AppView takes what is its own, if one is configured. */
function defaultTarget(nsid: string, appview: string): string | null {
  return appview !== "local" && /^(app\.bsky|chat\.bsky)\./.test(nsid) ? appview : null;
}

function parseProxyHeader(value: string): { did: string; service: string } {
  const [did = "", service = "", ...more] = value.split("#");
  if (did === "") throw invalidRequest("no did specified in proxy header");
  if (service === "") throw invalidRequest("no service id specified in proxy header");
  if (more.length > 0) throw invalidRequest("invalid proxy header format");
  if (value.includes(" ")) throw invalidRequest("proxy header cannot contain spaces");
  return { did, service };
}

async function endpointOf(did: string, service: string, services: Services): Promise<string> {
  const document = isDid(did) ? await services.dids.find(did) : null;
  if (document === null) throw invalidRequest("could not resolve proxy did");
  const endpoint = serviceEndpoint(document, `#${service}`);
  if (endpoint === null) throw invalidRequest("could not resolve proxy did service url");
  return endpoint;
}

async function forward(
  request: Request,
  url: URL,
  target: Target,
  token: string,
  { host }: Services,
): Promise<Response> {
  const address = publicUrl(new URL(`${url.pathname}${url.search}`, target.url), host.local);
  const headers = new Headers({ authorization: `Bearer ${token}` });
  for (const name of FORWARDED_REQUEST) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const upstream = await fetch(address, {
    method: request.method,
    headers,
    body: request.method === "POST" ? request.body : null,
    redirect: "manual",
    signal: AbortSignal.timeout(UPSTREAM_TIMEOUT_MS),
  }).catch(() => {
    throw new Refusal("UpstreamFailure", "The service could not be reached", 502);
  });
  return answer(upstream);
}

/** An upstream's own failure is not ours: its 500 is a 502 here. */
function answer(upstream: Response): Response {
  if (upstream.status >= 300 && upstream.status < 400) {
    throw new Refusal("UpstreamFailure", "The service answered with a redirect", 502);
  }
  const headers = new Headers();
  for (const name of RETURNED) {
    const value = upstream.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Response(upstream.body, { status: upstream.status === 500 ? 502 : upstream.status, headers });
}
