/** The well-known documents of this host and its members. */
import type { Did } from "@atcute/lexicons";
import { extractMultikey } from "@atproto/crypto";
import { isHostDid } from "../identity/host.ts";
import { isOurProbe, isProbe } from "../lifecycle/host/reach.ts";
import { labelKey } from "../moderation/issue-labels.ts";
import { Refusal } from "../protocol/refusal.ts";
import { isHandle } from "../protocol/syntax.ts";
import type { Services } from "../xrpc/server/services.ts";
import { setCors } from "./cors.ts";
import { renderError } from "./errors.ts";

/**
 * The host's did:web document (did:web method; service ids as clients look for them): its PDS, its labeler
 * and, unless it uses an upstream AppView, its AppView, notification service and feed generator.
 */
export async function hostDidDocument(request: Request, services: Services): Promise<Response> {
  const { directory, host, env } = services;
  const key = await labelKey(directory);
  const asked: Did = `did:web:${new URL(request.url).host.replace(":", "%3A")}`;
  // At an earlier address, the document of that name leads here.
  const id = isHostDid(host, asked) ? asked : host.did;
  const service = (id: string, type: string) => ({ id, type, serviceEndpoint: host.origin });
  return json({
    "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
    id,
    alsoKnownAs: isHandle(host.hostname) ? [`at://${host.hostname}`] : undefined,
    verificationMethod: [
      {
        id: `${id}#atproto_label`,
        type: "Multikey",
        controller: id,
        publicKeyMultibase: extractMultikey(key.did()),
      },
    ],
    service: [
      service("#atproto_pds", "AtprotoPersonalDataServer"),
      ...(env.APPVIEW === "local"
        ? [
            service("#bsky_appview", "BskyAppView"),
            service("#bsky_notif", "BskyNotificationService"),
            service("#bsky_fg", "BskyFeedGenerator"),
          ]
        : []),
      service("#atproto_labeler", "AtprotoLabeler"),
    ],
  });
}

/**
 * The DID of the handle that the request is addressed to (handle resolution, HTTPS well-known method). The
 * host's own name is its labeler's, unless a member has it.
 */
export async function atprotoDid(request: Request, { directory, host }: Services): Promise<Response> {
  const name = (request.headers.get("host") ?? "").split(":")[0]?.toLowerCase() ?? "";
  if (isProbe(name) && isOurProbe(name, await directory.secret("JWT_SECRET"))) return didText(host.did);
  const ours =
    host.handleDomains.some((domain) => name.endsWith(domain)) ||
    name === host.hostname ||
    // The one who had the host's own name keeps it when the host moves.
    isHostDid(host, `did:web:${name}`);
  const member = ours ? await directory.find(name) : null;
  // A deactivated member can still sign in, and apps resolve the handle for it.
  const isThere = member?.status === "active" || member?.status === "deactivated";
  const isHost = member === null && name === host.hostname && isHandle(name);
  if (!isThere && !isHost) {
    return renderError(new Refusal("NotFound", "User not found", 404), request);
  }
  return didText(member?.did ?? host.did);
}

function didText(did: string): Response {
  const response = new Response(did, { headers: { "content-type": "text/plain; charset=utf-8" } });
  setCors(response.headers);
  return response;
}

function json(body: unknown): Response {
  const response = new Response(JSON.stringify(body), {
    headers: { "content-type": "application/json; charset=utf-8" },
  });
  setCors(response.headers);
  return response;
}
