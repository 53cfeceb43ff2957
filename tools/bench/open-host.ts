/**
 * A host with access for measuring: an entry point for generated logs, and V8's inspector. It runs on data
 * that a normal host has created and migrated.
 */
import path from "node:path";
import { build } from "esbuild";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import {
  type WorkerModule,
  bundleOptions,
  modulesOf,
  readBundle,
  readOutsideModules,
} from "../dev/bundle.ts";
import { localVars } from "../dev/configuration.ts";
import { freePort, LOOPBACK } from "../dev/ports.ts";
import { readWranglerFile, storesOf } from "../dev/wrangler-file.ts";
import { at } from "../../src/protocol/json.ts";
import { Client, isObject } from "./client.ts";
import { listenerOf } from "./process.ts";

export interface DoorStatus {
  /** Newest seq assigned. */
  seq: number;
  /** Newest seq in the index. */
  indexed: number;
  ingestError: string | null;
  /** Calls of the streams' objects since the sequencer woke, and the milliseconds that they took. */
  flights: number;
  flightMs: number;
  /** Rows that the sequencer has written since it woke. */
  rows: number;
}

export interface OpenHost {
  origin: string;
  pid: number | null;
  /** Origin that lists the inspectors of the Workers. */
  inspector: string;
  /** Appends logs (DAG-CBOR, see `Delivery`). */
  deliver(body: Uint8Array): Promise<DoorStatus>;
  status(): Promise<DoorStatus>;
  stop(): Promise<void>;
}

/** Settings under which anybody can sign up and nobody is slowed down. */
const OPEN = { REGISTRATION: "open", RATE_LIMITS: "off" };

/** Bundles without minification, so that a profile is readable. */
export async function bundleReadably(entry: string): Promise<WorkerModule[]> {
  const bundled = await build({ ...bundleOptions(entry), minify: false, sourcemap: false, write: false });
  return modulesOf(bundled.outputFiles, "worker");
}

export async function startOpenHost(dataDir: string, modules?: WorkerModule[]): Promise<OpenHost> {
  const [worker, outside, loader, port, loaderPort, inspectorPort] = await Promise.all([
    modules ?? readBundle("worker"),
    readOutsideModules(),
    bundleReadably("tools/bench/loader/worker.ts"),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const file = readWranglerFile();
  const { compatibility } = file;
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      host: LOOPBACK,
      port: 0,
      inspectorPort,
      cf: false,
      logRequests: false,
      handleStructuredLogs: () => {},
      resourcePersistencePath: path.join(dataDir, "state"),
      workers: [
        {
          name: "atoll",
          modules: worker,
          ...compatibility,
          bindings: { ...localVars({ PUBLIC_URL: `http://localhost:${port}`, ...OPEN }) },
          ...storesOf(file),
          serviceBindings: { OUTSIDE: "outside" },
          unsafeDirectSockets: [{ host: LOOPBACK, port }],
        },
        outside,
        {
          name: "loader",
          modules: loader,
          ...compatibility,
          durableObjects: {
            SEQUENCER: { className: "SequencerObject", scriptName: "atoll", useSQLite: true },
          },
          unsafeDirectSockets: [{ host: LOOPBACK, port: loaderPort }],
        },
      ],
    }),
  );
  await runtime.ready;
  const client = new Client(`http://${LOOPBACK}:${loaderPort}`);
  const ask = async (method: string, body?: Uint8Array) =>
    statusOf(await client.send(method, "/", body === undefined ? {} : { body }));
  return {
    origin: `http://localhost:${port}`,
    pid: listenerOf(port),
    inspector: `http://${LOOPBACK}:${inspectorPort}`,
    deliver: (body) => ask("POST", body),
    status: () => ask("GET"),
    async stop() {
      client.close();
      await runtime.dispose();
    },
  };
}

function statusOf({ status, body }: { status: number; body: Buffer }): DoorStatus {
  if (status !== 200) throw new Error(`the loader: ${status} ${body.toString("utf8", 0, 500)}`);
  const value: unknown = JSON.parse(body.toString("utf8"));
  if (!isObject(value)) throw new Error("the loader gave no status");
  const { seq, indexed, ingestError, handed, rows } = value;
  return {
    seq: Number(seq),
    indexed: Number(indexed),
    ingestError: typeof ingestError === "string" ? ingestError : null,
    flights: Number(at(handed, "flights")),
    flightMs: Number(at(handed, "ms")),
    rows: Number(at(rows, "sequencer", "written")),
  };
}
