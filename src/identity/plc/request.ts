/** Requests to the did:plc directory: `PLC_URL`, or the embedded directory of a local run. */
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { smallAnswer } from "../outbound.ts";
import type { AnyOperation } from "./operation.ts";

export type PlcBindings = Pick<Bindings, "PLC_URL" | "OUTSIDE">;

const TIMEOUT_MS = 10_000;

/** Enough for a document, and for an operation, which the directory limits to 7,500 bytes. */
const MAX_BYTES = 64 * 1024;

interface PlcAnswer {
  status: number;
  /** JSON; undefined when the answer is not JSON. */
  body: unknown;
}

/** Requests `path` from the directory; POSTs `operation` if given. Refuses 502 UpstreamFailure. */
export async function askPlc(env: PlcBindings, path: string, operation?: AnyOperation): Promise<PlcAnswer> {
  const request = new Request(new URL(path, env.PLC_URL || "http://plc.local"), {
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { accept: "application/json, application/did+ld+json" },
    ...(operation === undefined
      ? {}
      : {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(operation),
        }),
  });
  try {
    const answer = await smallAnswer(await transport(env, request), MAX_BYTES);
    const text = new TextDecoder().decode(answer.body);
    return { status: answer.status, body: parseJson(text) };
  } catch (thrown) {
    if (isRefusal(thrown)) throw thrown;
    throw new Refusal("UpstreamFailure", "The PLC directory cannot be reached", 502);
  }
}

async function transport(env: PlcBindings, request: Request): Promise<Response> {
  if (env.PLC_URL) return fetch(request);
  if (env.OUTSIDE) return env.OUTSIDE.fetch(request);
  throw new Refusal("UpstreamFailure", "No PLC directory is configured", 502);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
