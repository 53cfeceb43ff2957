/** The crowd at an empty Worker, which sends it frames of the same size. */
import { randomBytes } from "node:crypto";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { LOOPBACK, freePort } from "../../../dev/ports.ts";
import { readWranglerFile } from "../../../dev/wrangler-file.ts";
import { bundleReadably } from "../../open-host.ts";
import { listenerOf } from "../../process.ts";
import type { CrowdFigures, CrowdPlan } from "../crowd.ts";
import { runCrowd } from "../crowd.ts";

/** @param frameBytes the size of each frame */
export async function runFloor(plan: CrowdPlan, frameBytes: number): Promise<CrowdFigures> {
  const [modules, port] = await Promise.all([
    bundleReadably("tools/bench/stream/floor/worker.ts"),
    freePort(),
  ]);
  const { compatibility } = readWranglerFile();
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      host: LOOPBACK,
      port: 0,
      cf: false,
      logRequests: false,
      workers: [
        {
          name: "floor",
          modules,
          ...compatibility,
          durableObjects: { SENDERS: { className: "Sender", useSQLite: true } },
          unsafeDirectSockets: [{ host: LOOPBACK, port }],
        },
      ],
    }),
  );
  const origin = `http://${LOOPBACK}:${port}`;
  const frame = randomBytes(frameBytes);
  const write = async () => void (await fetch(origin, { method: "POST", body: frame }));
  try {
    await runtime.ready;
    return await runCrowd({ origin, pid: listenerOf(port), write }, plan);
  } finally {
    await runtime.dispose();
  }
}
