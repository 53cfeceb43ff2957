/**
 * Service proxying (atproto spec, "XRPC: Service Proxying"): forwards a member's request to the service that
 * the `atproto-proxy` header names, or to the method's default service, signed by the member's key. This
 * host's own AppView is served here directly. The answers of an upstream AppView are completed with records
 * it has not seen yet (`splice.ts`).
 */
import type { Did } from "@atcute/lexicons";
import { noFeed } from "../../appview/reads/methods/feed/get-feed.ts";
import { isHostDid } from "../../identity/host.ts";
import { at, textOf } from "../../protocol/json.ts";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";
import { parseAtUri } from "../../protocol/syntax.ts";
import { PRIVILEGED, STANDARD, TAKENDOWN, session } from "../server/policies.ts";
import { defaultService, isServedHere } from "../server/default-service.ts";
import { SKELETON } from "../elsewhere/feed-generators.ts";
import { PROTECTED_METHODS, isPrivilegedMethod } from "../server/service-tokens.ts";
import type { Services } from "../server/services.ts";
import { withLocalRecords } from "./read-after-write/splice.ts";
import { type ServiceName, Upstream } from "./upstream.ts";

const RECORD = "com.atproto.repo.getRecord";
const REPORT = "com.atproto.moderation.createReport";
const sessionForProxy = session({ scopes: STANDARD, checkTakedown: true });
/** Taken-down members may send reports, which is how they appeal. */
const sessionForReport = session({ scopes: [...STANDARD, TAKENDOWN] });

/** Forwards the request if it is meant for another service. Returns null if this host serves it. */
export async function proxied(
  request: Request,
  url: URL,
  nsid: string,
  served: boolean,
  services: Services,
): Promise<{ response: Response; did: string | null } | null> {
  if (nsid === RECORD) return recordElsewhere(request, url, services);
  if (isServedHere(nsid)) return null;
  const wanted = request.headers.get("atproto-proxy") ?? defaultService(nsid, served, services.env);
  if (wanted === null) return null;
  const to = parseProxyHeader(wanted);
  if (isHostDid(services.host, to.did)) {
    checkOwnService(to.service, services);
    if (served) return null;
    throw new Refusal("MethodNotImplemented", "Method Not Implemented", 501);
  }
  if (PROTECTED_METHODS.has(nsid)) throw new Refusal("InvalidToken", "Bad token method", 400);
  const policy = nsid === REPORT ? sessionForReport : sessionForProxy;
  const caller = await policy({ request, nsid, services, params: {} });
  // An app's scopes have been checked already.
  if (caller.kind === "session" && isPrivilegedMethod(nsid) && !PRIVILEGED.includes(caller.scope)) {
    throw new Refusal("InvalidToken", "Bad token method", 400);
  }
  const member = caller.did;
  return { response: await askFor(member, to, { request, url, nsid, services }), did: member };
}

interface Question {
  request: Request;
  url: URL;
  nsid: string;
  services: Services;
  /** How long (ms) the answer may take; by default as long as an app waits. */
  timeoutMs?: number;
}

/**
 * Asks a service in a member's name. What an AppView answers is completed with the member's own new records.
 * Refuses InvalidRequest if there is no such service or feed, 502 UpstreamFailure.
 */
export async function askFor(
  member: Did,
  to: ServiceName,
  { request, url, nsid, services, timeoutMs }: Question,
): Promise<Response> {
  const upstream = new Upstream(to, { member, request, services });
  const reply = await upstream.forward(url, await grantFor(nsid, url, upstream), timeoutMs);
  const { method } = request;
  return withLocalRecords(reply, { nsid, url, method, member, services, upstream });
}

/**
 * Asks the AppView for a record of a repo on another host: apps ask their own PDS for any record they link
 * to. A member's header may name another service to ask. The request is unsigned, since records are public.
 * Returns null if the repo is here, or if there is no service to ask.
 */
async function recordElsewhere(
  request: Request,
  url: URL,
  services: Services,
): Promise<{ response: Response; did: string | null } | null> {
  const { APPVIEW } = services.env;
  const wanted = request.headers.get("atproto-proxy") ?? APPVIEW;
  const repo = url.searchParams.get("repo");
  // The header alone sends this host nowhere: only a member may choose the service it asks.
  const isStranger = wanted !== APPVIEW && !request.headers.has("authorization");
  if (wanted === "local" || repo === null || request.method === "POST" || isStranger) return null;
  const isOurs = isHostDid(services.host, wanted.split("#")[0] ?? "");
  if (isOurs || (await services.directory.find(repo)) !== null) return null;
  const to = parseProxyHeader(wanted);
  const caller =
    wanted === APPVIEW ? null : await sessionForProxy({ request, nsid: RECORD, services, params: {} });
  const member = caller?.did ?? null;
  return { response: await new Upstream(to, { member, request, services }).forward(url, null), did: member };
}

/**
 * Refuses InvalidRequest for this host's AppView if the host uses an upstream, since its own index is then
 * empty.
 */
function checkOwnService(service: string, { env }: Services): void {
  if (service === "bsky_appview" && env.APPVIEW !== "local") {
    throw invalidRequest("could not resolve proxy did service url");
  }
}

/**
 * The token's audience and method. The audience is the called service, except for a feed: its token is for
 * the feed's generator, to which the AppView forwards it. The AppView is asked for the generator's DID.
 * Refuses InvalidRequestError.
 */
async function grantFor(nsid: string, url: URL, upstream: Upstream): Promise<{ aud: string; lxm: string }> {
  if (nsid !== "app.bsky.feed.getFeed") return { aud: upstream.did, lxm: nsid };
  const { repo, collection = "", rkey = "" } = parseAtUri(url.searchParams.get("feed") ?? "");
  const record = await upstream.ask("com.atproto.repo.getRecord", { repo, collection, rkey }, false);
  const aud = textOf(at(record, "value", "did"));
  if (aud === undefined) throw noFeed();
  return { aud, lxm: SKELETON };
}

/** Reads `did#service`. Refuses InvalidRequest. */
export function parseProxyHeader(value: string): ServiceName {
  const [did = "", service = "", ...more] = value.split("#");
  if (did === "") throw invalidRequest("no did specified in proxy header");
  if (service === "") throw invalidRequest("no service id specified in proxy header");
  if (more.length > 0) throw invalidRequest("invalid proxy header format");
  if (value.includes(" ")) throw invalidRequest("proxy header cannot contain spaces");
  return { did, service };
}
