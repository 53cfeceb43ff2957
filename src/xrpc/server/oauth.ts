/**
 * Gives the OAuth server and the resource server their parts of this host's services. Loads nothing of
 * either.
 */
import type { OAuthContext } from "../../oauth/context.ts";
import type { ResourceServer } from "../../oauth/verifier.ts";
import { pdsEndpoint, verificationKey } from "../../identity/did-document.ts";
import { fetchPublic } from "../../identity/outbound.ts";
import { invalidRequest, isRefusal } from "../../protocol/refusal.ts";
import { isDid } from "../../protocol/syntax.ts";
import type { Services } from "./services.ts";

export async function resourceServerOf({ host, env, directory }: Services): Promise<ResourceServer> {
  const secret = await directory.secret("JWT_SECRET");
  return { did: host.did, origin: host.origin, secret, database: env.DIRECTORY };
}

export async function oauthContextOf(services: Services): Promise<OAuthContext> {
  const { env, host, directory, dids } = services;
  return {
    host,
    registration: env.REGISTRATION,
    database: env.DIRECTORY,
    secret: await directory.secret("JWT_SECRET"),
    members: directory,
    safeFetch: safeFetchOf(services),
    async repoOf(did) {
      const document = await dids.resolve(did);
      const pds = pdsEndpoint(document);
      const key = verificationKey(document, "atproto");
      if (pds === null || key === null) throw invalidRequest(`No repo: ${did}`);
      return { pds, key };
    },
  };
}

/** Maximum size of a document that a third party publishes. */
const DOCUMENT_MAX = 512 * 1024;

/**
 * A fetch for the OAuth provider, for small documents that third parties publish. Requests to this host
 * itself (a member's lexicon) are answered directly, since a Worker cannot call itself by its public name.
 */
function safeFetchOf(services: Services): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.origin === services.host.origin) return ownRecord(services, url);
    try {
      const accept = request.headers.get("accept");
      const { status, headers, body } = await fetchPublic(url, {
        local: services.host.local,
        headers: accept === null ? {} : { accept },
        maxBytes: DOCUMENT_MAX,
      });
      return new Response(body, { status, headers });
    } catch (thrown) {
      // The provider expects a fetch to fail with a TypeError and knows no refusals.
      throw isRefusal(thrown) ? new TypeError(thrown.message) : thrown;
    }
  };
}

async function ownRecord(services: Services, url: URL): Promise<Response> {
  const did = url.searchParams.get("did") ?? "";
  if (url.pathname !== "/xrpc/com.atproto.sync.getRecord" || !isDid(did))
    return new Response(null, { status: 404 });
  const { searchParams } = url;
  const proof = await services
    .account(did)
    .getRecordProof("public", searchParams.get("collection") ?? "", searchParams.get("rkey") ?? "");
  return new Response(proof, { headers: { "content-type": "application/vnd.ipld.car" } });
}
