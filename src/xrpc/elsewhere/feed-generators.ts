/**
 * Feed generators are services that others run. The host finds them by DID, asks for their feeds and tells
 * them what members did with what was shown, in the member's name.
 */
import type { AppBskyFeedSendInteractions } from "@atcute/bluesky";
import { mainSchema } from "@atcute/bluesky/types/app/feed/getFeedSkeleton";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { safeParse } from "@atcute/lexicons/validations";
import { type AskGenerator, generatorOf } from "../../appview/reads/methods/feed/get-feed.ts";
import type { MemberViewContext } from "../../appview/reads/view-context.ts";
import { serviceEndpoint } from "../../identity/did-document.ts";
import { type Answer, fetchPublic } from "../../identity/outbound.ts";
import { Refusal, invalidRequest, isRefusal } from "../../protocol/refusal.ts";
import { parseAtUri } from "../../protocol/syntax.ts";
import type { MemberCaller, Viewer } from "../server/policies.ts";
import { issueServiceToken } from "../server/service-tokens.ts";
import type { Services } from "../server/services.ts";

export const SKELETON = "app.bsky.feed.getFeedSkeleton";
const INTERACTIONS = "app.bsky.feed.sendInteractions";
const TIMEOUT_MS = 10_000;
const FORWARDED = ["accept-language", "x-bsky-topics"];

/** Refuses InvalidRequest if the DID or its service cannot be found. */
export const generatorEndpoint =
  (services: Services) =>
  async (did: Did): Promise<string> => {
    if (did === services.host.did) return services.host.origin;
    const document = await services.dids.find(did);
    if (document === null) throw invalidRequest(`could not resolve identity: ${did}`);
    const endpoint = serviceEndpoint(document, "#bsky_fg", "BskyFeedGenerator");
    if (endpoint === null) {
      throw invalidRequest(`invalid feed generator service details in did document: ${did}`);
    }
    return endpoint;
  };

/** Whether a repo here has a record that anyone may read at a URI. */
export const hasRecord =
  (services: Services) =>
  async (uri: ResourceUri): Promise<boolean> => {
    const { repo, collection, rkey } = parseAtUri(uri);
    if (collection === undefined || rkey === undefined) return false;
    const member = await services.directory.find(repo);
    if (member === null) return false;
    try {
      return (await services.account(member.did).getRecord(collection, rkey)) !== null;
    } catch (thrown) {
      if (isRefusal(thrown)) return false;
      throw thrown;
    }
  };

interface FeedCall {
  caller: Viewer | null;
  services: Services;
  request: Request;
  headers: Headers;
}

/**
 * The account signs a member's request for the generator; a request signed elsewhere is forwarded as is.
 * Refuses with the generator's own error name, or with 502 UpstreamFailure or InvalidFeedResponse.
 */
export const askGenerator =
  ({ caller, services, request, headers: reply }: FeedCall): AskGenerator =>
  async (did, { feed, limit, cursor }) => {
    const endpoint = await generatorEndpoint(services)(did);
    const address = new URL(`/xrpc/${SKELETON}`, endpoint);
    address.searchParams.set("feed", feed);
    address.searchParams.set("limit", String(limit));
    if (cursor !== undefined) address.searchParams.set("cursor", cursor);
    const answer = await fetchPublic(address, {
      local: services.host.local,
      headers: await headersFor(did, SKELETON, caller, request, services),
      timeoutMs: TIMEOUT_MS,
    });
    const language = answer.headers.get("content-language");
    if (language !== null) reply.set("content-language", language);
    return skeletonOf(answer);
  };

/**
 * Tells the generator of `feed` what a member did with it. The reference leaves this to the header
 * `atproto-proxy`, which most clients set; such a request is passed on before it comes here. Refuses
 * InvalidRequest without a feed, what `generatorOf` refuses, and as `askGenerator` does.
 */
export async function sendInteractions(
  reading: MemberViewContext,
  input: AppBskyFeedSendInteractions.$input,
  { caller, services, request }: { caller: MemberCaller; services: Services; request: Request },
): Promise<object> {
  const { feed } = input;
  if (feed === undefined) {
    throw invalidRequest("Name the feed in `feed`, or its generator in the header atproto-proxy");
  }
  const did = await generatorOf(reading, feed, hasRecord(services));
  // The host's own feeds follow likes, and learn nothing else.
  if (did === reading.host.did) return {};
  const endpoint = await generatorEndpoint(services)(did);
  const headers = await headersFor(did, INTERACTIONS, caller, request, services);
  const answer = await fetchPublic(new URL(`/xrpc/${INTERACTIONS}`, endpoint), {
    local: services.host.local,
    headers: { ...headers, "content-type": "application/json" },
    json: JSON.stringify(input),
    timeoutMs: TIMEOUT_MS,
  });
  if (answer.status !== 200) throw refusalOf(answer, parsed(answer.body));
  return {};
}

async function headersFor(
  did: Did,
  lxm: string,
  caller: Viewer | null,
  request: Request,
  services: Services,
): Promise<Record<string, string>> {
  const headers: Record<string, string> = { accept: "application/json" };
  for (const name of FORWARDED) {
    const value = request.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  if (caller?.kind === "service") {
    headers.authorization = request.headers.get("authorization") ?? "";
  } else if (caller !== null) {
    const token = await issueServiceToken(services, caller.did, { aud: did, lxm });
    headers.authorization = `Bearer ${token}`;
  }
  return headers;
}

function skeletonOf(answer: Answer) {
  const value = parsed(answer.body);
  if (answer.status === 200) {
    const result = safeParse(mainSchema.output.schema, value);
    if (result.ok) return result.value;
  }
  throw refusalOf(answer, value);
}

/** The generator's own refusal. An internal error of an upstream is not this host's: its 500 becomes a 502. */
function refusalOf({ status }: Answer, value: unknown): Refusal {
  if (status >= 400 && isError(value)) {
    return new Refusal(value.error, value.message ?? value.error, status === 500 ? 502 : status);
  }
  return new Refusal("InvalidFeedResponse", "feed provided an invalid response", 502);
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function isError(value: unknown): value is { error: string; message?: string } {
  if (typeof value !== "object" || value === null || !("error" in value)) return false;
  return typeof value.error === "string" && (!("message" in value) || typeof value.message === "string");
}
