/** Wakes the object that hears the neighbours, where the host hears any. */
import type { Bindings } from "../../protocol/stations.ts";
import { NEIGHBOURS_NAME } from "../../protocol/stations.ts";

/** For the Worker's schedule: may be called as often as one likes. */
export async function wakeNeighbours({
  NEIGHBOURS,
  APPVIEW,
  NEIGHBOURS_OBJECT,
}: Pick<Bindings, "NEIGHBOURS" | "APPVIEW" | "NEIGHBOURS_OBJECT">): Promise<void> {
  if (NEIGHBOURS === "off" || APPVIEW !== "local") return;
  await NEIGHBOURS_OBJECT.getByName(NEIGHBOURS_NAME).wake();
}
