/**
 * A whole host on this machine: the bundled Worker on Miniflare, with its databases, objects and blobs in a folder, and
 * beside it the small Worker that plays the outside world (PLC directory, mailbox). `npm start`, the benchmark, the crash
 * test and the test kit all stand on this.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import type * as MiniflareModule from "miniflare";
import type { Miniflare, V4MiniflareOptions } from "miniflare";
import { type WorkerModule, readBundle, readOutsideModules } from "./bundle.ts";
import type { WorkerVars } from "./configuration.ts";
import { localVars } from "./configuration.ts";
import type { LogEntry } from "./host-log.ts";
import type { ControlAnswer, ControlRequest, DatabaseName, Row } from "./control/messages.ts";
import { migrate } from "./migrations.ts";
import { LOOPBACK, LaunchError, claimPort, randomPort } from "./ports.ts";
import { RuntimeProcesses } from "./runtime-processes.ts";
import { readWranglerFile } from "./wrangler-file.ts";

/** Loaded as what it is, CommonJS: an import would look through all of it for what kind of module that may be. */
const readMiniflare = () => createRequire(import.meta.url)("miniflare") as typeof MiniflareModule;

export interface HostOptions {
  /** Where the host listens; absent: any free port. */
  port?: number;
  /** Where the outside world listens; absent: any free port. */
  outsidePort?: number;
  /** Where everything is kept; absent: a temporary folder, gone after `stop`. */
  dataDir?: string;
  /** Over `wrangler.toml`'s vars and the local ones. */
  vars?: WorkerVars;
  /** What the Worker and the runtime log, line by line. */
  log?: (entry: LogEntry) => void;
  /** Answers what the host fetches, instead of the network. */
  fetch?: OutsideFetch;
}

/** Miniflare's view of a request that the Worker sends out. */
export type OutsideFetch = (request: Request) => Promise<Response> | Response;

export interface RunningHost {
  /** `http://localhost:2583` */
  readonly origin: string;
  /** The outside world's: did:plc directory at its root, mailbox at `/mail`. */
  readonly outside: string;
  /** Process id of the runtime; another one after a crash. */
  readonly pid: number | null;
  /** Reads one of the databases as it is, past the Worker. For launchers and tests. */
  query(database: DatabaseName, sql: string, ...values: (string | number | null)[]): Promise<Row[]>;
  /** kill -9 of the runtime. Resolves once it runs again, on the same data and the same ports. */
  crash(): Promise<void>;
  /** Takes what has changed in the sources and migrations, keeping data and ports. Throws a `LaunchError`, and goes on as it was, where they do not build. */
  reload(): Promise<void>;
  /** Ends the runtime and waits for it; a temporary folder is removed. May be called twice. */
  stop(): Promise<void>;
}

/** Resolves once the host answers. Throws a `LaunchError` where the person at the keyboard can help. */
export async function startHost(options: HostOptions = {}): Promise<RunningHost> {
  const temporary = options.dataDir === undefined ? makeTemporary() : null;
  try {
    return await launch(options, options.dataDir ?? temporary ?? "", temporary);
  } catch (thrown) {
    removeTemporary(temporary);
    throw thrown;
  }
}

const temporaries = new Set<string>();

function makeTemporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "atoll-"));
  // A process that ends without stopping its hosts still leaves no folder.
  if (temporaries.size === 0) process.on("exit", removeTemporaries);
  temporaries.add(folder);
  return folder;
}

function removeTemporary(folder: string | null): void {
  if (folder === null) return;
  rmSync(folder, { recursive: true, force: true });
  temporaries.delete(folder);
  if (temporaries.size === 0) process.off("exit", removeTemporaries);
}

function removeTemporaries(): void {
  for (const folder of temporaries) rmSync(folder, { recursive: true, force: true });
}

async function launch(options: HostOptions, folder: string, temporary: string | null): Promise<RunningHost> {
  const { Miniflare: Runtime, convertV4MiniflareOptions } = readMiniflare();
  const [bundles, ports] = await Promise.all([readBundles(), claimPorts(options)]);
  const processes = new RuntimeProcesses(temporary);
  const secret = randomBytes(16).toString("hex");
  let restarted = () => {};
  const describe = (made: Bundles) =>
    convertV4MiniflareOptions({
      ...shared(path.join(folder, "state"), options.log),
      unsafeHandleRuntimeRestart: () => restarted(),
      workers: workersOf(made, ports, secret, options),
    });
  const runtime = processes.during(() => new Runtime(describe(bundles)));
  try {
    await runtime.ready;
    await migrate((request) => control(runtime, secret, request));
  } catch (thrown) {
    await runtime.dispose();
    throw thrown;
  }
  let stopping: Promise<void> | null = null;
  return {
    origin: `http://localhost:${ports.host}`,
    outside: `http://localhost:${ports.outside}`,
    get pid() {
      return processes.pid;
    },
    async query(database, sql, ...values) {
      const answer = await control(runtime, secret, { do: "query", database, sql, values });
      if ("error" in answer) throw new Error(answer.error);
      return answer.rows;
    },
    async crash() {
      const back = new Promise<void>((resolve) => (restarted = resolve));
      await processes.kill();
      await back;
    },
    async reload() {
      const made = await readBundles();
      await processes.during(() => runtime.setOptions(describe(made)));
      await migrate((request) => control(runtime, secret, request));
    },
    stop() {
      stopping ??= runtime.dispose().then(() => removeTemporary(temporary));
      return stopping;
    },
  };
}

interface Bundles {
  worker: WorkerModule[];
  control: WorkerModule[];
  outside: Awaited<ReturnType<typeof readOutsideModules>>;
}

async function readBundles(): Promise<Bundles> {
  try {
    const [worker, control, outside] = await Promise.all([
      readBundle("worker"),
      readBundle("control"),
      readOutsideModules(),
    ]);
    return { worker, control, outside };
  } catch (thrown) {
    throw new LaunchError(
      `The Worker does not build. ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    );
  }
}

async function claimPorts({ port, outsidePort }: HostOptions): Promise<{ host: number; outside: number }> {
  const change = `Choose another: PORT=3000 npm start (the port below it is used too).`;
  const [host, outside] = await Promise.all([
    port === undefined ? randomPort() : claimPort(port, "the host", change),
    outsidePort === undefined
      ? randomPort()
      : claimPort(outsidePort, "the PLC directory and mailbox", change),
  ]);
  return { host, outside };
}

function shared(state: string, log: HostOptions["log"]): Omit<V4MiniflareOptions, "workers"> {
  return {
    // Miniflare's own front door, for its control traffic; the Workers are reached directly, which costs less.
    host: LOOPBACK,
    port: 0,
    cf: false,
    logRequests: false,
    resourcePersistencePath: state,
    handleStructuredLogs: (entry: LogEntry) => log?.(entry),
  };
}

function workersOf(
  { worker, control, outside }: Bundles,
  ports: { host: number; outside: number },
  secret: string,
  options: HostOptions,
) {
  const { compatibility } = readWranglerFile();
  const d1Databases = { DIRECTORY: "atoll-directory", APPVIEW_DB: "atoll-appview" };
  const { fetch } = options;
  return [
    { ...outside, unsafeDirectSockets: [{ host: LOOPBACK, port: ports.outside }] },
    {
      name: "control",
      modules: control,
      ...compatibility,
      bindings: { SECRET: secret },
      d1Databases,
      unsafeDirectSockets: [{ host: LOOPBACK, port: 0 }],
    },
    // Last: Miniflare copies what it has described so far again for everything that it adds, and this is most of it.
    {
      name: "atoll",
      modules: worker,
      ...compatibility,
      bindings: { ...localVars(), PUBLIC_URL: `http://localhost:${ports.host}`, ...options.vars },
      d1Databases,
      r2Buckets: { BLOBS: "atoll-blobs" },
      durableObjects: {
        ACCOUNT: { className: "AccountObject", useSQLite: true },
        SEQUENCER: { className: "SequencerObject", useSQLite: true },
        LABELS: { className: "LabelsObject", useSQLite: true },
      },
      serviceBindings: { OUTSIDE: "outside" },
      unsafeDirectSockets: [{ host: LOOPBACK, port: ports.host }],
      ...(fetch === undefined ? {} : { outboundService: (request: Request) => fetch(request) }),
    },
  ];
}

async function control(runtime: Miniflare, secret: string, request: ControlRequest): Promise<ControlAnswer> {
  // Asked for each time: a restarted runtime has another port.
  const response = await fetch(await runtime.unsafeGetDirectURL("control"), {
    method: "POST",
    headers: { authorization: `Bearer ${secret}` },
    body: JSON.stringify(request),
  });
  return (await response.json()) as ControlAnswer;
}
