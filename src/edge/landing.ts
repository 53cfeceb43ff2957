/** Plain-text documents: neither XRPC nor pages for people. */
import type { Services } from "../xrpc/server/services.ts";

/** Records are public, and so are the pages that show them; a search has no end, and the account pages no public. */
const ROBOTS = `# Crawl as you like: what is here is public.
User-agent: *
Allow: /
Disallow: /search
Disallow: /account/
Disallow: /oauth/
`;

/** Where the pages are for members, there is nothing but the front to look at. */
const FRONT_ONLY = `User-agent: *
Allow: /$
Disallow: /
`;

export function robots({ env }: Services): Response {
  return new Response(env.APP_READERS === "members" ? FRONT_ONLY : ROBOTS, {
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}

/** The host's root address, for clients other than browsers; the app has a page for those. */
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
    headers: { "content-type": "text/plain; charset=utf-8", vary: "accept, user-agent" },
  });
}
