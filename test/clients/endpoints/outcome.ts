/** One call of a method, and its outcome. */
import { basic } from "../../../tools/dev/xrpc-client.ts";
import { lexicons, outputProblem } from "../client/lexicons.ts";
import type { Caller, Given } from "./calls.ts";
import type { Stage } from "./stage.ts";

const authorizationOf = ({ ada, leaver, network }: Stage, caller: Caller): string | null => {
  switch (caller) {
    case "nobody":
      return null;
    case "admin":
      return basic("admin", network.host().adminPassword);
    case "leaver":
      return `Bearer ${leaver.token}`;
    default:
      return `Bearer ${ada.token}`;
  }
};

const isQuery = (nsid: string) => lexicons.get(nsid)?.type === "xrpc_query";

async function send(stage: Stage, nsid: string, caller: Caller, given: Given): Promise<Response> {
  const url = new URL(`/xrpc/${nsid}`, stage.network.url);
  for (const [name, value] of Object.entries(given.params ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
  }
  const authorization = given.token === undefined ? authorizationOf(stage, caller) : `Bearer ${given.token}`;
  const headers = new Headers(authorization === null ? {} : { authorization });
  if (isQuery(nsid)) return fetch(url, { headers });
  if (given.input === undefined) return fetch(url, { method: "POST", headers });
  headers.set("content-type", given.type ?? "application/json");
  const body = given.input instanceof Uint8Array ? Uint8Array.from(given.input) : JSON.stringify(given.input);
  return fetch(url, { method: "POST", headers, body });
}

/** `200`, `400 InvalidRequest`; for a good answer, also what its lexicon does not allow. */
export async function outcomeOf(stage: Stage, nsid: string, caller: Caller, given: Given): Promise<string> {
  const response = await send(stage, nsid, caller, given);
  const isJson = (response.headers.get("content-type") ?? "").startsWith("application/json");
  const text = await response.text();
  if (!response.ok) return `${response.status} ${(JSON.parse(text) as { error: string }).error}`;
  const problem = isJson ? outputProblem(nsid, JSON.parse(text)) : null;
  return problem === null ? "200" : `200, but ${problem}`;
}
