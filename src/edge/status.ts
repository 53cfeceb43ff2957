/** `/status` as JSON; browsers get a page. */
import { readStatus } from "../lifecycle/status.ts";
import type { Services } from "../xrpc/server/services.ts";
import { setCors } from "./cors.ts";

export async function status(services: Services): Promise<Response> {
  const response = Response.json(await readStatus(services));
  response.headers.set("cache-control", "no-store");
  response.headers.set("vary", "accept");
  setCors(response.headers);
  return response;
}
