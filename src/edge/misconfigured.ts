/** The answer of a host whose settings cannot work: it serves nothing, and says in words what is wrong. */
import { logLine } from "../protocol/log-line.ts";
import { Refusal } from "../protocol/refusal.ts";
import { renderError } from "./errors.ts";

/** `faults` contain no secrets (`readSettings`). */
export function misconfigured(request: Request, faults: readonly string[]): Response {
  const message = `This host cannot start. ${faults.join(" ")}`;
  logLine("error", "settings", { faults });
  return renderError(new Refusal("HostMisconfigured", message, 503), request);
}
