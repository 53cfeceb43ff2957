/**
 * The authority over an NSID: the DID in the DNS record `_lexicon.<authority>` (atproto Lexicon resolution).
 */
import { didsInTxt } from "../protocol/dns-answer.ts";
import { isDid } from "../protocol/syntax.ts";

const DNS_OVER_HTTPS = "https://cloudflare-dns.com/dns-query";

/** @param authority a domain name. Throws if there is no record, or more than one. */
export async function findAuthority(authority: string, safeFetch: typeof globalThis.fetch): Promise<string> {
  const url = new URL(DNS_OVER_HTTPS);
  url.searchParams.set("name", `_lexicon.${authority}`);
  url.searchParams.set("type", "TXT");
  const response = await safeFetch(url, { headers: { accept: "application/dns-json" } });
  const dids = didsInTxt(await response.json());
  const [did] = dids;
  if (dids.length !== 1 || !isDid(did)) throw new Error(`no authority over ${authority}`);
  return did;
}
