/** Finds an account's host by its handle or DID. */
import { xrpc } from "../dev/xrpc-client.ts";

const PUBLIC_RESOLVER = "https://public.api.bsky.app";

interface DidDocument {
  service?: { id: string; serviceEndpoint: string }[];
}

/** The origin of an account's host; null if it cannot be found. */
export async function findHost(account: string, plc: string, resolver: string): Promise<string | null> {
  try {
    const did = account.startsWith("did:") ? account : await didOf(account, resolver);
    if (did === null) return null;
    const url = did.startsWith("did:web:")
      ? `https://${did.slice("did:web:".length)}/.well-known/did.json`
      : `${plc}/${did}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) return null;
    const { service = [] } = (await response.json()) as DidDocument;
    const pds = service.find(({ id }) => id.endsWith("#atproto_pds"));
    return pds === undefined ? null : new URL(pds.serviceEndpoint).origin;
  } catch {
    // Only a suggestion: the member can name the host.
    return null;
  }
}

async function didOf(handle: string, resolver: string): Promise<string | null> {
  for (const origin of [resolver, PUBLIC_RESOLVER]) {
    try {
      const answer = await xrpc(origin, "com.atproto.identity.resolveHandle", { params: { handle } });
      return (answer as { did: string }).did;
    } catch {
      continue;
    }
  }
  return null;
}
