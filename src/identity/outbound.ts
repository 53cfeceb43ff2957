/**
 * Requests to addresses chosen by strangers (DID documents, handles, proxied services). To prevent
 * server-side request forgery, they are limited to public names over https on the default port; every
 * redirect is checked, and answers are limited in size and time.
 *
 * A public name may still have a private address in its DNS. Workers cannot resolve an address and then
 * connect to it, but the platform's network reaches no private addresses, so only the name is checked here.
 * The flag `global_fetch_strictly_public` (`wrangler.toml`) makes this true of the owner's own zone as well.
 */
import { gather } from "../protocol/body.ts";
import { lenders } from "../protocol/memory.ts";
import { isRefusal, Refusal } from "../protocol/refusal.ts";

export interface OutboundOptions {
  /** In a local run, loopback is allowed over plain http and on any port. No other rule changes. */
  local: boolean;
  headers?: Record<string, string>;
  /** A body of JSON, which makes the request a POST. */
  json?: string;
  /** Maximum number of redirects to follow, each to an address that passes the same checks. Default 0. */
  redirects?: number;
  /** Default 1 MiB. */
  maxBytes?: number;
  /** Whether a longer answer is cut off there, instead of being refused. */
  isCut?: boolean;
  /** For the whole request, redirects included. Default 5,000. */
  timeoutMs?: number;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

/** Names that are never public (RFC 2606, 6761, 6762, 7686, 8375, 9476), and those used inside networks. */
const PRIVATE_SUFFIXES = [
  "alt",
  "arpa",
  "corp",
  "example",
  "home",
  "internal",
  "intranet",
  "invalid",
  "lan",
  "local",
  "localdomain",
  "localhost",
  "onion",
  "private",
  "test",
];

const forbidden = (message: string) => new Refusal("InvalidRequest", message);

/**
 * Parses and checks an address: absolute https, a public DNS name, no port, no credentials. With `local`,
 * also loopback over http and on any port. Refuses InvalidRequest.
 */
export function publicUrl(address: string | URL, local: boolean): URL {
  const url = typeof address === "string" ? URL.parse(address) : address;
  if (url === null) throw forbidden("Not a URL");
  if (url.username !== "" || url.password !== "") throw forbidden("URL with credentials");
  if (local && isLoopback(url.hostname)) {
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  }
  if (url.protocol !== "https:") throw forbidden("Only https addresses are allowed");
  if (url.port !== "") throw forbidden("Only the default port is allowed");
  if (!isPublicName(url.hostname)) throw forbidden("Only public addresses are allowed");
  return url;
}

/** `hostname` as URL normalises it: IPv4 always in dotted decimal, IPv6 in brackets. */
function isLoopback(hostname: string): boolean {
  const name = withoutDot(hostname);
  if (name === "localhost" || name.endsWith(".localhost") || name === "[::1]") return true;
  return /^127\.\d+\.\d+\.\d+$/.test(name);
}

function isPublicName(hostname: string): boolean {
  const labels = withoutDot(hostname).split(".");
  const last = labels.at(-1) ?? "";
  // An IP address ends in a number or a bracket. A name of one label is never public.
  if (labels.length < 2 || !/^[a-z]/.test(last) || last.endsWith("]")) return false;
  return labels.every((label) => label !== "") && !PRIVATE_SUFFIXES.includes(last);
}

const withoutDot = (hostname: string) => hostname.toLowerCase().replace(/\.$/, "");

/**
 * GETs a small document, or POSTs one. Any HTTP status counts as an answer. Refuses InvalidRequest for an address (or
 * redirect target) that may not be requested, 502 UpstreamFailure when there is no usable answer in time.
 */
export async function fetchPublic(address: string | URL, options: OutboundOptions): Promise<Answer> {
  const { json, redirects = 0, maxBytes = 1 << 20, isCut = false, timeoutMs = 5_000 } = options;
  const posted = json === undefined ? {} : { method: "POST", body: json };
  const signal = AbortSignal.timeout(timeoutMs);
  let url = publicUrl(address, options.local);
  try {
    for (let hops = 0; ; hops++) {
      const response = await fetch(url, {
        ...posted,
        redirect: "manual",
        signal,
        headers: options.headers ?? {},
      });
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || location === null) {
        return await smallAnswer(isCut ? cut(response, maxBytes) : response, maxBytes);
      }
      await response.body?.cancel();
      if (hops === redirects) throw upstreamFailure(url, "redirects");
      url = publicUrl(new URL(location, url), options.local);
    }
  } catch (thrown) {
    if (isRefusal(thrown)) throw thrown;
    throw upstreamFailure(url, signal.aborted ? "did not answer in time" : "cannot be reached");
  }
}

/** An answer that ends after so many bytes; what follows is not read. */
function cut(response: Response, bytes: number): Response {
  let rest = bytes;
  const knife = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(chunk.subarray(0, rest));
      rest -= chunk.byteLength;
      if (rest <= 0) controller.terminate();
    },
  });
  return new Response(response.body?.pipeThrough(knife) ?? null, response);
}

/** Reads an answer to its end. Refuses 502 UpstreamFailure when it is longer than `maxBytes`. */
export async function smallAnswer(response: Response, maxBytes: number): Promise<Answer> {
  const body = await gather(response.body, maxBytes, lenders.answers);
  if (body === null) throw new Refusal("UpstreamFailure", "The answer is too long", 502);
  return { status: response.status, headers: response.headers, body };
}

const upstreamFailure = (url: URL, what: string) =>
  new Refusal("UpstreamFailure", `${url.host} ${what}`, 502);

/**
 * Opens a WebSocket, which the caller accepts and closes. Refuses InvalidRequest for an address that may not be
 * requested, 502 UpstreamFailure when the host does not answer with a socket in time.
 */
export async function openSocket(
  address: URL,
  { local, headers = {}, timeoutMs = 5_000 }: Pick<OutboundOptions, "local" | "headers" | "timeoutMs">,
): Promise<WebSocket> {
  const url = publicUrl(address, local);
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: abort.signal,
      headers: { ...headers, upgrade: "websocket" },
    });
    const { webSocket } = response;
    if (webSocket !== null) return webSocket;
    await response.body?.cancel();
  } catch {
    throw upstreamFailure(url, abort.signal.aborted ? "did not answer in time" : "cannot be reached");
  } finally {
    clearTimeout(timer);
  }
  throw upstreamFailure(url, "does not answer with a socket");
}
