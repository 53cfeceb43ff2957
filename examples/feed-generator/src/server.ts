/** The three endpoints of a feed generator: its DID document, its list of feeds, and their content. */
import http from "node:http";
import type { IdResolver } from "@atproto/identity";
import { verifyJwt } from "@atproto/xrpc-server";
import type { TaggedPosts } from "./posts.ts";

export interface FeedGenerator {
  /** The generator's origin, from which its DID derives. */
  origin: string;
  /** DID of the account that has published the feed. */
  publisher: string;
  /** The feed's record key. */
  rkey: string;
  /** Resolves the signing keys of viewers. */
  identities: IdResolver;
  posts: TaggedPosts;
}

export const didOf = (origin: string) => `did:web:${new URL(origin).host.replace(":", "%3A")}`;

export function serve(generator: () => FeedGenerator): http.Server {
  return http.createServer((request, response) => {
    answer(generator(), request).then(
      ([status, body]) => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      },
      (thrown: unknown) => {
        console.error(thrown);
        response.writeHead(500).end();
      },
    );
  });
}

async function answer(generator: FeedGenerator, request: http.IncomingMessage): Promise<[number, unknown]> {
  const { origin, publisher, rkey, posts } = generator;
  const url = new URL(request.url ?? "/", origin);
  const did = didOf(origin);
  const feed = `at://${publisher}/app.bsky.feed.generator/${rkey}`;
  if (url.pathname === "/.well-known/did.json") {
    const service = { id: "#bsky_fg", type: "BskyFeedGenerator", serviceEndpoint: origin };
    return [200, { "@context": ["https://www.w3.org/ns/did/v1"], id: did, service: [service] }];
  }
  if (url.pathname === "/xrpc/app.bsky.feed.describeFeedGenerator")
    return [200, { did, feeds: [{ uri: feed }] }];
  if (url.pathname !== "/xrpc/app.bsky.feed.getFeedSkeleton") return [404, { error: "NotFound" }];
  if (url.searchParams.get("feed") !== feed) return [400, { error: "UnknownFeed", message: "no such feed" }];
  const limit = Math.min(Math.max(Number(url.searchParams.get("limit") ?? 50), 1), 100);
  const cursor = url.searchParams.get("cursor");
  if (cursor !== null && !/^\d{1,15}$/.test(cursor)) {
    return [400, { error: "InvalidRequest", message: "malformed cursor" }];
  }
  const viewer = await viewerOf(generator, request);
  const { uris, ...next } = posts.page(limit, cursor === null ? undefined : Number(cursor), viewer);
  return [200, { feed: uris.map((post) => ({ post })), ...next }];
}

/** The viewer's DID from the service token that the AppView passes on; undefined without a valid one. */
async function viewerOf(
  { origin, identities }: FeedGenerator,
  request: http.IncomingMessage,
): Promise<string | undefined> {
  const [, token] = /^Bearer (.+)$/.exec(request.headers.authorization ?? "") ?? [];
  if (token === undefined) return undefined;
  try {
    const method = "app.bsky.feed.getFeedSkeleton";
    const keyOf = (iss: string, fresh: boolean) => identities.did.resolveAtprotoKey(iss, fresh);
    return (await verifyJwt(token, didOf(origin), method, keyOf)).iss;
  } catch {
    return undefined;
  }
}
