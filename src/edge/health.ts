/**
 * `/xrpc/_health`: whether the host can serve. Answers 503 if a database is unreachable or not yet migrated.
 */
import { VERSION } from "../lifecycle/host/version.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Bindings } from "../protocol/stations.ts";
import { setCors } from "./cors.ts";
import { renderError } from "./errors.ts";

export async function health(env: Bindings): Promise<Response> {
  try {
    await Promise.all([
      env.DIRECTORY.prepare("SELECT 1 FROM account LIMIT 1").run(),
      env.APPVIEW_DB.prepare("SELECT 1 FROM actor LIMIT 1").run(),
    ]);
  } catch {
    return renderError(
      new Refusal("NotReady", "Service Unavailable", 503, { "retry-after": "1" }),
      new Request("http://host/xrpc/_health"),
    );
  }
  const response = Response.json({ version: VERSION });
  setCors(response.headers);
  return response;
}
