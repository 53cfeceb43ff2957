/** `/xrpc/<nsid>`: finds the method, has it serve the request, and writes the log line. */
import { isNsid } from "@atcute/lexicons/syntax";
import type { AccountStation } from "../protocol/account-station.ts";
import { Slices } from "../protocol/body.ts";
import { logLine } from "../protocol/log-line.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import type { Bindings } from "../protocol/stations.ts";
import { isSpaceMethod } from "../xrpc/server/declined.ts";
import type { Method } from "../xrpc/server/method.ts";
import { resourceServerOf } from "../xrpc/server/oauth.ts";
import type { Services } from "../xrpc/server/services.ts";
import { type Bill, hideCost, openBill } from "./cost.ts";
import { setCors } from "./cors.ts";
import { decoded } from "./decoding.ts";
import { renderError } from "./errors.ts";
import { proxied } from "../xrpc/proxy/proxy.ts";
import { consumeForAddress } from "../xrpc/server/address-limits.ts";

/** @param servicesFor makes the services from bindings, of which there are others while a cost is counted */
export async function serveXrpc(
  request: Request,
  env: Bindings<AccountStation>,
  servicesFor: (env: Bindings<AccountStation>) => Services,
  methods: ReadonlyMap<string, Method>,
): Promise<Response> {
  const started = Date.now();
  const url = new URL(request.url);
  const nsid = url.pathname.slice("/xrpc/".length).replace(/\/$/, "");
  url.pathname = `/xrpc/${nsid}`;
  let did: string | null = null;
  let response: Response;
  let bill: Bill | null = null;
  try {
    const counted = consumeForAddress(request, nsid, env);
    bill = await openBill(request, env);
    const services = bill === null ? servicesFor(env) : servicesFor(bill.env);
    const served = await dispatch(request, url, nsid, services, methods);
    did = served.did;
    response = served.response;
    for (const [name, value] of Object.entries(counted)) {
      // The method's own, exact counts take precedence.
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
  } catch (thrown) {
    response = renderError(thrown, request);
    await readToEnd(request);
  }
  if (bill === null) hideCost(response);
  else await bill.tell(response);
  setCors(response.headers);
  setCaching(response.headers, request);
  if (/^dpop /i.test(request.headers.get("authorization") ?? "")) await giveNonce(response, servicesFor(env));
  log(request, nsid, did, response.status, Date.now() - started);
  if (request.method !== "HEAD") return response;
  await response.body?.cancel();
  return new Response(null, response);
}

/**
 * An answer to somebody's credentials is theirs alone, unless the method says otherwise, as for a blob. The
 * next caller may get another one.
 */
function setCaching(headers: Headers, request: Request): void {
  if (headers.has("cache-control")) return;
  headers.append("vary", "authorization");
  if (request.headers.has("authorization")) headers.set("cache-control", "private");
}

/** Adds the nonce for the next proof, as every answer to a bound token must (RFC 9449, section 8.2). */
async function giveNonce(response: Response, services: Services): Promise<void> {
  const { nextNonce } = await import("../oauth/verifier.ts");
  response.headers.set("dpop-nonce", await nextNonce(await resourceServerOf(services)));
}

async function dispatch(
  request: Request,
  url: URL,
  nsid: string,
  services: Services,
  methods: ReadonlyMap<string, Method>,
): Promise<{ response: Response; did: string | null }> {
  if (!isNsid(nsid)) throw invalidRequest("invalid xrpc path");
  if (isSpaceMethod(nsid)) throw notImplemented();
  const method = methods.get(nsid);
  const elsewhere = await proxied(request, url, nsid, method !== undefined, services);
  if (elsewhere !== null) return elsewhere;
  if (method === undefined) throw notImplemented();
  const verb = request.method === "HEAD" ? "GET" : request.method;
  if (verb !== method.verb) {
    throw invalidRequest(`Incorrect HTTP method (${request.method}) expected ${method.verb}`);
  }
  return method.serve(decoded(request), url, services);
}

const notImplemented = () => new Refusal("MethodNotImplemented", "Method Not Implemented", 501);

/** One structured line per request. It never contains a token, a password or an e-mail address. */
function log(request: Request, method: string, did: string | null, status: number, ms: number): void {
  const id = request.headers.get("cf-ray") ?? crypto.randomUUID();
  logLine("info", "xrpc", { id, method, did, status, ms });
}

/** A refused body of up to this many bytes is read to its end; a longer one loses its connection. */
const REFUSED_BODY = 16_000_000;

/**
 * Reads the rest of the body. A refusal sent earlier would close the connection while the client still
 * writes, and the client would never read it.
 */
async function readToEnd(request: Request): Promise<void> {
  const announced = Number(request.headers.get("content-length") ?? REFUSED_BODY + 1);
  if (request.body === null || request.bodyUsed || announced > REFUSED_BODY) return;
  const rest = new Slices(request.body);
  while ((await rest.next().catch(() => null)) !== null);
}
