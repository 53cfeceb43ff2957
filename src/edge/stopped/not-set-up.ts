/** The answers of a host that has no address yet: it serves its set-up, and says what to do. */
import { isUnset } from "../../identity/host.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { renderError } from "../errors.ts";

/** Set-up, the style and scripts of its pages, and whether the host is up at all. */
const SERVED = /^\/(setup(\/.*)?|account\/(logo\/)?[\w.-]+\.(css|js|svg|png|jpg|webp)|xrpc\/_health)$/;

/** Null if the host serves the request. Browsers are led to set-up. */
export function notSetUp(request: Request, env: Bindings): Response | null {
  if (!isUnset(env)) return null;
  const { origin, pathname } = new URL(request.url);
  if (SERVED.test(pathname)) return null;
  const isBrowser = request.method === "GET" && (request.headers.get("accept") ?? "").includes("text/html");
  if (isBrowser) {
    const headers = { location: "/setup", "cache-control": "no-store", vary: "accept" };
    return new Response(null, { status: 303, headers });
  }
  const message = `This host is not set up yet. Whoever deployed it does so at ${origin}/setup.`;
  return renderError(new Refusal("HostNotSetUp", message, 503, { "retry-after": "60" }), request);
}
