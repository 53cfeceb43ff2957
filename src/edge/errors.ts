/** Renders errors: a refusal by its name, anything else as an opaque 500 whose cause is only logged. */
import { logLine } from "../protocol/log-line.ts";
import { isSpent, nextMidnight, retryAfter } from "../protocol/plan/shortage.ts";
import { type RefusalShape, isRefusal } from "../protocol/refusal.ts";
import { setCors } from "./cors.ts";

/** A refusal as it is; anything else is logged, and opaque. */
export const refusalFor = (thrown: unknown): RefusalShape => (isRefusal(thrown) ? thrown : internal(thrown));

export function renderError(thrown: unknown, request: Request): Response {
  const { error, status, message, headers } = refusalFor(thrown);
  const response = new Response(request.method === "HEAD" ? null : JSON.stringify({ error, message }), {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
  });
  setCors(response.headers);
  return response;
}

/** Logs the cause, which the client never sees. */
function internal(thrown: unknown): RefusalShape {
  logLine("error", "edge", { cause: thrown });
  if (isOverloaded(thrown)) {
    return {
      error: "NotEnoughResources",
      status: 503,
      message: "The host is overloaded, try again",
      headers: { "retry-after": "1" },
    };
  }
  if (isSpent(thrown)) return spent();
  return {
    error: "InternalServerError",
    status: 500,
    message: "Internal Server Error",
    headers: undefined,
  };
}

/** Cloudflare has stopped what a limit of the free plan is for. What needs it not goes on. */
export const spent = (now = Date.now()): RefusalShape => ({
  error: "NotEnoughResources",
  status: 503,
  message: "This host has used up what its plan allows in a day. It goes on after midnight (UTC).",
  headers: retryAfter(nextMidnight(now), now),
});

/**
 * Whether an object rejected the request for overload; it may be retried (Durable Objects, error handling).
 */
function isOverloaded(thrown: unknown): boolean {
  return (
    typeof thrown === "object" && thrown !== null && "overloaded" in thrown && thrown.overloaded === true
  );
}
