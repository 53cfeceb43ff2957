/** The answer of a host whose settings cannot work: it serves nothing, and says in words what is wrong. */
import { logLine } from "../../protocol/log-line.ts";
import { stopped } from "./stopped.ts";

/** `faults` contain no secrets (`readSettings`). */
export function misconfigured(request: Request, faults: readonly string[]): Promise<Response> {
  logLine("error", "settings", { faults });
  return stopped(request, {
    error: "HostMisconfigured",
    title: "This host cannot start",
    message: `This host cannot start. ${faults.join(" ")}`,
  });
}
