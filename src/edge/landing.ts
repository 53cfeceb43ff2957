/** Plain-text documents: neither XRPC nor pages for people. */
import type { Services } from "../xrpc/server/services.ts";

export function robots(): Response {
  return new Response("# Crawl as you like: what is here is public.\nUser-agent: *\nAllow: /\n", {
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}

/** The host's root address, for clients other than browsers; `oauth.ts` has a page for those. */
export function landing({ host }: Services): Response {
  const text = [
    "This is Atoll, an atproto host: a PDS and its AppView.",
    "",
    `  Host      ${host.did}`,
    `  XRPC      ${host.origin}/xrpc/`,
    `  Firehose  ${host.origin.replace(/^http/, "ws")}/xrpc/com.atproto.sync.subscribeRepos`,
    "",
    "Point any atproto client at this address to sign in.",
    "",
  ].join("\n");
  return new Response(text, {
    headers: { "content-type": "text/plain; charset=utf-8", vary: "accept" },
  });
}
