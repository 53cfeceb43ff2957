/** CORS: any page may read every endpoint, since clients send credentials only explicitly, in a header. */

const EXPOSED =
  "atproto-repo-rev, atproto-content-labelers, atproto-upstream-lag, retry-after, dpop-nonce, www-authenticate, " +
  "ratelimit-limit, ratelimit-remaining, ratelimit-reset, ratelimit-policy";

export function allowCors(response: Response): Response {
  // A response from `fetch` has immutable headers.
  const open = new Response(response.body, response);
  setCors(open.headers);
  return open;
}

export function setCors(headers: Headers): void {
  headers.set("access-control-allow-origin", "*");
  headers.set("access-control-expose-headers", EXPOSED);
}

export function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, HEAD, PUT, PATCH, POST, DELETE",
      // Listed individually: the wildcard does not cover `authorization` (Fetch standard, CORS protocol).
      "access-control-allow-headers":
        "authorization, content-type, content-encoding, dpop, atproto-proxy, atproto-accept-labelers, x-bsky-topics, *",
      "access-control-max-age": "86400",
    },
  });
}
