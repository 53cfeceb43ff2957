/** The address a request came from, as far as the platform vouches for it. */

/** The address of a request that did not come through Cloudflare, such as every request of a local run. */
export const NO_ADDRESS = "local";

/**
 * The one address that the requests of all Workers of other zones come from (Cloudflare, "HTTP headers":
 * `CF-Connecting-IP` in Worker subrequests).
 */
const WORKERS = "2a06:98c0:3600::103";

/**
 * The address to count by: an IPv4 address, or the /64 network of an IPv6 one, since its holder has every
 * address in it; the zone of a Worker, since all Workers share one address. In a local run it is `local`.
 * Cloudflare sets the headers itself and overrides the client's.
 */
export function clientAddress(request: Request): string {
  const address = request.headers.get("cf-connecting-ip");
  if (address === null) return NO_ADDRESS;
  if (address === WORKERS) return `worker ${request.headers.get("cf-worker")?.toLowerCase() ?? ""}`;
  return address.includes(":") ? networkOf(address) : address;
}

/** `2001:db8::1` → `2001:db8:0:0`. An IPv4 address in IPv6 notation stays whole. */
function networkOf(address: string): string {
  if (address.includes(".")) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: Math.max(0, zeros) }, () => "0"), ...right];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
