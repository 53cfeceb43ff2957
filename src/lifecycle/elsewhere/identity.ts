/**
 * From a name to a host, in two of the three steps of looking up: the DID of a handle, and what the DID's document
 * says of key and host. What a host says of itself is not asked.
 */
import type { Did } from "@atcute/lexicons";
import { claimedHandle, pdsEndpoint, verificationKey } from "../../identity/did-document.ts";
import type { DidResolver } from "../../identity/did.ts";
import type { Directory } from "../../identity/directory.ts";
import type { HandleResolver } from "../../identity/handle.ts";
import { DOCUMENT_AGE, HANDLE_AGE } from "../../identity/identity-cache.ts";
import { publicUrl } from "../../identity/outbound.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { isBlockedHost } from "../../protocol/settings/domains.ts";
import { isDid, isHandle } from "../../protocol/syntax.ts";
import type { Purse } from "./gates.ts";

export interface IdentityServices {
  directory: Directory;
  dids: DidResolver;
  handles: HandleResolver;
  host: { origin: string };
  env: { LOCAL?: unknown; BLOCKED_HOSTS: string };
}

/** An account of another host, by its DID document. */
export interface Foreigner {
  did: Did;
  /** did:key */
  key: string;
  /** Where to ask. */
  origin: string;
  /** The host's name, with its port in a local run. */
  home: string;
  /** The handle that the document claims. */
  claimed: string | null;
}

/** Null: there is none, it does not answer, it lives here, or the view has no request left. */
export async function foreigner(
  services: IdentityServices,
  purse: Purse,
  id: string,
  { fresh = false } = {},
): Promise<Foreigner | null> {
  const did = isDid(id) ? id : await didOf(services, purse, id);
  if (did === null) return null;
  const cached = await services.directory.cache.document(did);
  const isCached = cached !== null && Date.now() - cached.fetchedAt < DOCUMENT_AGE.fresh;
  if ((fresh || !isCached) && !purse.take(1)) return null;
  const document = await services.dids.find(did, { fresh });
  const endpoint = document && pdsEndpoint(document);
  const key = document && verificationKey(document, "atproto");
  if (!endpoint || !key) return null;
  const url = askable(endpoint, services);
  return url && { did, key, origin: url.origin, home: url.host, claimed: claimedHandle(document) };
}

/** Null: an address that may not be asked, of a blocked host, or this host's own. */
function askable(endpoint: string, { env, host }: IdentityServices): URL | null {
  try {
    const url = publicUrl(endpoint, env.LOCAL === "1");
    const isOwn = url.origin === new URL(host.origin).origin;
    return isOwn || isBlockedHost(env.BLOCKED_HOSTS, url.hostname) ? null : url;
  } catch (thrown) {
    if (isRefusal(thrown)) return null;
    throw thrown;
  }
}

/** DNS and the handle's own host are asked at once: two requests. */
async function didOf(
  { directory, handles }: IdentityServices,
  purse: Purse,
  id: string,
): Promise<Did | null> {
  const handle = id.toLowerCase();
  if (!isHandle(handle)) return null;
  const cached = await directory.cache.handle(handle);
  const isCached = cached !== null && Date.now() - cached.fetchedAt < HANDLE_AGE.fresh;
  if (!isCached && !purse.take(2)) return null;
  return handles.find(handle);
}

/** The handle, if it leads back to the account; null if it does not. Undefined: it could not be asked for now. */
export async function handleOf(
  services: Pick<IdentityServices, "directory" | "handles">,
  purse: Purse,
  { did, claimed }: Foreigner,
): Promise<string | null | undefined> {
  if (claimed === null) return null;
  const cached = await services.directory.cache.handle(claimed);
  const isCached = cached !== null && Date.now() - cached.fetchedAt < HANDLE_AGE.fresh;
  if (!isCached && !purse.take(2)) return undefined;
  return (await services.handles.find(claimed)) === did ? claimed : null;
}
