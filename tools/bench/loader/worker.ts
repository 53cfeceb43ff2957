/**
 * A Worker that runs next to the host's own while a generated community is loaded. It appends generated logs
 * to the sequencer in place of ten thousand account objects. Only the benchmark has it.
 */
import { decode } from "@atcute/cbor";
import type { Did } from "@atcute/lexicons";
import type { LogEntry } from "../../../src/protocol/events.ts";
import { SEQUENCER_NAME, type Objects, type SequencerStation } from "../../../src/protocol/stations.ts";

interface ControlBindings {
  SEQUENCER: Objects<SequencerStation>;
}

/** The body of a POST, as DAG-CBOR: logs to append. */
export interface Delivery {
  logs: { did: Did; entries: (Omit<LogEntry, "frame"> & { frame: { $bytes: string; buf: Uint8Array } })[] }[];
}

export default {
  async fetch(request: Request, env: ControlBindings): Promise<Response> {
    const sequencer = env.SEQUENCER.getByName(SEQUENCER_NAME);
    if (request.method === "POST") {
      const delivery: Delivery = decode(new Uint8Array(await request.arrayBuffer()));
      for (const { did, entries } of delivery.logs) {
        const whole = entries.map((entry) => ({ ...entry, frame: entry.frame.buf }));
        const { acked } = await sequencer.append(did, whole);
        const last = whole.at(-1)?.position ?? 0;
        if (acked < last) return new Response(`${did}: ${acked} of ${last}`, { status: 409 });
      }
    }
    return Response.json(await sequencer.status());
  },
} satisfies ExportedHandler<ControlBindings>;
