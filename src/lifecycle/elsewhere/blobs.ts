/**
 * Pictures and other small files of accounts elsewhere, which clients ask of this host alone. Only of accounts that
 * were looked up, since whoever shows a picture says not who they are; bytes are checked against their CID.
 */
import type { Did } from "@atcute/lexicons";
import { pdsEndpoint } from "../../identity/did-document.ts";
import type { DidResolver } from "../../identity/did.ts";
import { fetchPublic, publicUrl } from "../../identity/outbound.ts";
import { cidOfRaw } from "../../protocol/cid.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { isBlockedHost } from "../../protocol/settings/domains.ts";
import { gates } from "./gates.ts";

interface BlobServices {
  dids: DidResolver;
  host: { origin: string };
  env: { LOCAL?: unknown; BLOCKED_HOSTS: string; APPVIEW: string; APPVIEW_DB: D1Database };
}

interface BlobId {
  did: Did;
  cid: string;
}

/** Larger files are not shown. */
const BLOB_BYTES = 5_000_000;
const TIMEOUT_MS = 8_000;

const SHOWN = `SELECT home FROM actor WHERE did = ?1 AND home IS NOT NULL AND status IS NULL
  AND NOT EXISTS (SELECT 1 FROM takedown WHERE subject IN (?1, ?1 || '/' || ?2))`;

/** The host where the file is to be asked for; null if it may not be shown. */
export const homeOfBlob = async ({ env }: BlobServices, { did, cid }: BlobId): Promise<string | null> =>
  env.APPVIEW === "local" ? await env.APPVIEW_DB.prepare(SHOWN).bind(did, cid).first<string>("home") : null;

/** The file; null if its host does not have it, does not answer, or may not be asked now. */
export async function blobElsewhere(
  { dids, host, env }: BlobServices,
  { did, cid }: BlobId,
  home: string,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; mimeType: string } | null> {
  if (!gates.admits("pictures", home, Date.now())) return null;
  const document = await dids.find(did);
  const endpoint = document && pdsEndpoint(document);
  if (!endpoint) return null;
  const local = env.LOCAL === "1";
  try {
    const at = publicUrl(endpoint, local);
    if (isBlockedHost(env.BLOCKED_HOSTS, at.hostname)) return null;
    const query = new URLSearchParams({ did, cid }).toString();
    const url = new URL(`/xrpc/com.atproto.sync.getBlob?${query}`, at);
    const headers = { "user-agent": `Atoll (+${host.origin})` };
    const answer = await fetchPublic(url, {
      local,
      headers,
      redirects: 2,
      maxBytes: BLOB_BYTES,
      timeoutMs: TIMEOUT_MS,
    });
    if (answer.status === 429) gates.pause(home, answer.headers.get("retry-after"), Date.now());
    if (answer.status !== 200 || cidOfRaw(answer.body) !== cid) return null;
    const mimeType = (answer.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    return { bytes: answer.body.slice(), mimeType };
  } catch (thrown) {
    if (isRefusal(thrown)) return null;
    throw thrown;
  }
}
