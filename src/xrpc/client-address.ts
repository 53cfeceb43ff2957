/** The address that a request came from, as far as the platform vouches for it. */

/** Locally everyone is one. Cloudflare sets the header itself, whatever the client sent. */
export function clientAddress(request: Request): string {
  return request.headers.get("cf-connecting-ip") ?? "local";
}
