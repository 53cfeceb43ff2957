/** Where a request came from, as far as the platform vouches for it. */

/** Whoever comes past Cloudflare, which is everybody in a local run. */
export const NO_ADDRESS = "local";

/**
 * For counting: an IPv4 address, or the /64 network of an IPv6 one, since whoever has one address of it has them all.
 * Locally everyone is `local`. Cloudflare sets the header itself, whatever the client sent.
 */
export function clientAddress(request: Request): string {
  const address = request.headers.get("cf-connecting-ip");
  if (address === null) return NO_ADDRESS;
  return address.includes(":") ? networkOf(address) : address;
}

/** `2001:db8::1` → `2001:db8:0:0`; an IPv4 address written as IPv6 stays whole. */
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
