/** Forgets, hour by hour, the accounts of other hosts that nobody here wants any more. For the Worker's schedule. */
import { FOREIGN_MOST, sweepForeign } from "../../appview/index/foreign.ts";
import { HostTasks } from "../../identity/host-tasks.ts";
import type { Bindings } from "../../protocol/stations.ts";

const HOUR = 60 * 60 * 1000;

export async function sweepElsewhere(
  env: Pick<Bindings, "DIRECTORY" | "APPVIEW_DB" | "APPVIEW" | "PLAN">,
  clock: () => number = Date.now,
): Promise<void> {
  if (env.APPVIEW !== "local") return;
  if (!(await new HostTasks(env.DIRECTORY, clock).begin("sweep elsewhere", HOUR))) return;
  await sweepForeign(env.APPVIEW_DB, clock(), FOREIGN_MOST[env.PLAN]);
}
