/** Passes on the answers of other services. */
import { Refusal } from "../../protocol/refusal.ts";

// The runtime has decoded the body and sets its length itself.
const RETURNED_OF_BODY = ["content-type", "content-language"];

const RETURNED = ["atproto-repo-rev", "atproto-content-labelers", "retry-after"];

const MAX_BYTES = 10 * 1024 * 1024;

/** Error names by status, for bodies that name none (the reference's names). */
const ERROR_NAMES: Readonly<Record<number, string>> = {
  401: "AuthenticationRequired",
  403: "Forbidden",
  404: "XRPCNotSupported",
  413: "PayloadTooLarge",
  429: "RateLimitExceeded",
  501: "MethodNotImplemented",
  503: "NotEnoughResources",
  504: "UpstreamTimeout",
};

export const failure = (message: string) => new Refusal("UpstreamFailure", message, 502);

export const isJsonType = (type: string | null): boolean =>
  /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type ?? "");

/** An upstream's internal error is not this host's: its 500 becomes a 502. */
export const ourStatus = (status: number) => (status === 500 ? 502 : status);

export const nameOf = (status: number) =>
  ERROR_NAMES[status] ?? (status < 500 ? "InvalidRequest" : "UpstreamFailure");

/**
 * The reply for the member. Refuses 502 UpstreamFailure for a redirect, and for a body whose announced length
 * is too large.
 */
export async function answer(upstream: Response): Promise<Response> {
  const { body, status } = upstream;
  const refuse = async (message: string) => {
    await body?.cancel();
    return failure(message);
  };
  if (status >= 300 && status < 400) throw await refuse("The service answered with a redirect");
  if (body !== null && Number(upstream.headers.get("content-length") ?? 0) > MAX_BYTES) {
    throw await refuse("The answer is too long");
  }
  const headers = new Headers();
  copy(RETURNED, upstream.headers, headers);
  if (status >= 400 && !isJsonType(upstream.headers.get("content-type"))) {
    // An error page is meant for browsers; clients get JSON instead.
    await body?.cancel();
    headers.set("content-type", "application/json; charset=utf-8");
    const error = { error: nameOf(ourStatus(status)), message: `The service answered with status ${status}` };
    return new Response(JSON.stringify(error), { status: ourStatus(status), headers });
  }
  copy(RETURNED_OF_BODY, upstream.headers, headers);
  return new Response(body?.pipeThrough(counting(MAX_BYTES)) ?? null, { status: ourStatus(status), headers });
}

function copy(names: string[], from: Headers, to: Headers): void {
  for (const name of names) {
    const value = from.get(name);
    if (value !== null) to.set(name, value);
  }
}

/** Passes bytes through and fails after `most` of them, so that no reader mistakes a part for the whole. */
function counting(most: number): TransformStream<Uint8Array, Uint8Array> {
  let size = 0;
  return new TransformStream({
    transform(chunk, controller) {
      size += chunk.byteLength;
      if (size > most) controller.error(new Error("the answer is too long"));
      else controller.enqueue(chunk);
    },
  });
}

export function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
