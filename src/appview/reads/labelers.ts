/**
 * The `atproto-accept-labelers` header: a structured list (RFC 8941) of DIDs, each with an optional
 * `;redact`.
 */
import type { Did } from "@atcute/lexicons";
import { isDid } from "@atcute/lexicons/syntax";

export interface Labelers {
  dids: readonly string[];
  /** The labelers whose takedowns hide content. */
  redact: ReadonlySet<string>;
  /** The value of the reply's header. */
  header: string;
}

const formatted = (dids: readonly string[], redact: ReadonlySet<string>): Labelers => ({
  dids,
  redact,
  header: dids.map((did) => (redact.has(did) ? `${did};redact` : did)).join(","),
});

/**
 * Parses the header. If it is absent or invalid, returns the operator's own labelers, all with `redact`.
 * @param own the host's labeler, then the names that it had at earlier addresses, which it stands for
 */
export function parseLabelers(header: string | null, own: readonly [Did, ...Did[]]): Labelers {
  const dids = new Set<string>();
  const redact = new Set<string>();
  if (header === null) return formatted(own, new Set(own));
  for (const item of header.split(",")) {
    if (item.trim() === "") continue;
    const [did = "", ...parameters] = item.split(";").map((part) => part.trim());
    if (!isDid(did)) return formatted(own, new Set(own));
    dids.add(did);
    if (parameters.some((parameter) => parameter === "redact" || parameter === "redact=?1")) redact.add(did);
  }
  const [present, ...former] = own;
  for (const did of dids.has(present) ? former : []) {
    dids.add(did);
    if (redact.has(present)) redact.add(did);
  }
  return formatted([...dids], redact);
}
