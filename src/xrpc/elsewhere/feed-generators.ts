/**
 * Feed generators are services that others run. The host finds them by DID and calls
 * `app.bsky.feed.getFeedSkeleton` in the member's name.
 */
import { mainSchema } from "@atcute/bluesky/types/app/feed/getFeedSkeleton";
import type { Did } from "@atcute/lexicons";
import { safeParse } from "@atcute/lexicons/validations";
import type { AskGenerator } from "../../appview/reads/methods/feed/get-feed.ts";
import { serviceEndpoint } from "../../identity/did-document.ts";
import { type Answer, fetchPublic } from "../../identity/outbound.ts";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";
import type { Viewer } from "../server/policies.ts";
import { issueServiceToken } from "../server/service-auth.ts";
import type { Services } from "../server/services.ts";

export const SKELETON = "app.bsky.feed.getFeedSkeleton";
const TIMEOUT_MS = 10_000;
const FORWARDED = ["accept-language", "x-bsky-topics"];

/** Refuses InvalidRequest if the DID or its service cannot be found. */
export const generatorEndpoint =
  (services: Services) =>
  async (did: Did): Promise<string> => {
    const document = await services.dids.find(did);
    if (document === null) throw invalidRequest(`could not resolve identity: ${did}`);
    const endpoint = serviceEndpoint(document, "#bsky_fg", "BskyFeedGenerator");
    if (endpoint === null) {
      throw invalidRequest(`invalid feed generator service details in did document: ${did}`);
    }
    return endpoint;
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
      headers: await headersFor(did, caller, request, services),
      timeoutMs: TIMEOUT_MS,
    });
    const language = answer.headers.get("content-language");
    if (language !== null) reply.set("content-language", language);
    return skeletonOf(answer);
  };

async function headersFor(
  did: Did,
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
    const token = await issueServiceToken(services, caller.did, { aud: did, lxm: SKELETON });
    headers.authorization = `Bearer ${token}`;
  }
  return headers;
}

function skeletonOf({ status, body }: Answer) {
  const value = parsed(body);
  if (status === 200) {
    const result = safeParse(mainSchema.output.schema, value);
    if (result.ok) return result.value;
  } else if (status >= 400 && isError(value)) {
    // An upstream's internal error is not this host's: its 500 becomes a 502.
    throw new Refusal(value.error, value.message ?? value.error, status === 500 ? 502 : status);
  }
  throw new Refusal("InvalidFeedResponse", "feed provided an invalid response", 502);
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
