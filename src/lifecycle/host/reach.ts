/**
 * Whether a name reaches this host from outside: the host asks for a thing that it alone can answer, as a
 * stranger would. A proof is good for an hour or two.
 */
import { createHmac } from "node:crypto";
import { derivedKey, sameSecret } from "../../oauth/digest.ts";
import { fetchPublic } from "../../identity/outbound.ts";
import { isRefusal } from "../../protocol/refusal.ts";

const HOUR_MS = 60 * 60_000;
const TIMEOUT_MS = 8_000;
const MAX_BYTES = 4096;

/** In front of the proof, as the first label of a made-up handle. No member's name has this form. */
const LABEL = "check-";

export interface Prober {
  /** The host's own secret. */
  secret: string;
  local: boolean;
}

/** In lower case, and short enough for a DNS label. */
const proofOf = (secret: string, what: "address" | "handle", hour: number): string =>
  createHmac("sha256", derivedKey(secret, `proof of the ${what}`))
    .update(String(hour))
    .digest("hex")
    .slice(0, 32);

const hourOf = (now: number) => Math.floor(now / HOUR_MS);

function isProof(given: string, secret: string, what: "address" | "handle"): boolean {
  const hour = hourOf(Date.now());
  return [hour, hour - 1].some((each) => sameSecret(given, proofOf(secret, what, each)));
}

/** The path at which the host's own address is asked for. */
const ADDRESS_PATH = "/setup/here/";

/** Answers a question that this host asked at its own address; null for any other path. */
export function answerAddress(pathname: string, secret: string): Response | null {
  if (!pathname.startsWith(ADDRESS_PATH)) return null;
  const isOurs = isProof(pathname.slice(ADDRESS_PATH.length), secret, "address");
  return new Response(isOurs ? "here" : "no", { status: isOurs ? 200 : 404, headers: NO_STORE });
}

const NO_STORE = { "cache-control": "no-store", "content-type": "text/plain; charset=utf-8" };

/** Whether `name` is the made-up handle by which this host tests one of its domains. */
export const isProbe = (name: string): boolean => name.startsWith(LABEL);

/** Whether this host made the handle up, in the last hour or two. */
export const isOurProbe = (name: string, secret: string): boolean =>
  isProbe(name) && isProof(name.slice(LABEL.length).split(".")[0] ?? "", secret, "handle");

/**
 * The obstacle between a name and this host; `none`: there is none.
 * - `unreachable`: no DNS record, no certificate, or nobody answers
 * - `redirect`: it leads elsewhere
 * - `challenge`: it asks for a browser or a sign-in first
 * - `elsewhere`: somebody else answers
 */
export type Obstacle = "none" | "unreachable" | "redirect" | "challenge" | "elsewhere" | "private";

/** Asks at an origin whether this host is there. */
export const probeAddress = (origin: string, prober: Prober): Promise<Obstacle> =>
  probe(`${origin}${ADDRESS_PATH}${proofOf(prober.secret, "address", hourOf(Date.now()))}`, "here", prober);

/** Asks for a made-up handle below a domain with its leading dot, as others look handles up. */
export function probeHandles(domain: string, did: string, origin: string, prober: Prober): Promise<Obstacle> {
  const name = `${LABEL}${proofOf(prober.secret, "handle", hourOf(Date.now()))}${domain}`;
  const scheme = prober.local ? new URL(origin).protocol : "https:";
  return probe(`${scheme}//${name}/.well-known/atproto-did`, did, prober);
}

async function probe(url: string, expected: string, { local }: Prober): Promise<Obstacle> {
  try {
    const answer = await fetchPublic(url, { local, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
    const { status, headers } = answer;
    if (status >= 300 && status < 400) return "redirect";
    if (status === 200 && new TextDecoder().decode(answer.body).trim() === expected) return "none";
    return headers.has("cf-mitigated") || status === 401 || status === 403 ? "challenge" : "elsewhere";
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    if (thrown.message.endsWith("redirects")) return "redirect";
    return thrown.error === "InvalidRequest" ? "private" : "unreachable";
  }
}
