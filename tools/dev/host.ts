/**
 * A complete host on this machine: the bundled Worker on Miniflare, with its databases, objects and blobs in
 * a folder, plus the small Worker for the outside world (PLC directory, mailbox). `npm start`, the benchmark,
 * the crash test and the test kit all use it.
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
import { chosenVars } from "./configuration.ts";
import type { LogEntry } from "./host-log.ts";
import type { ControlAnswer, ControlRequest, DatabaseName, Row } from "./control/messages.ts";
import { LOCAL_FLAGS } from "./local-flags.ts";
import { LOOPBACK, LaunchError, claimPort, randomPort } from "./ports.ts";
import { RuntimeProcesses } from "./runtime-processes.ts";
import { keepSchedule } from "./schedule.ts";
import { readWranglerFile, storesOf } from "./wrangler-file.ts";

/** Loads Miniflare as CommonJS, which it is: an import would scan all of it to find out the module kind. */
const readMiniflare = () => createRequire(import.meta.url)("miniflare") as typeof MiniflareModule;

/** The host's own Worker among the three. */
const WORKER = "atoll";

export interface HostOptions {
  /** The host's port; default: any free port. */
  port?: number;
  /** The outside world's port; default: any free port. */
  outsidePort?: number;
  /** The folder for all data; default: a temporary folder, deleted by `stop`. */
  dataDir?: string;
  /** Overrides the vars of `wrangler.toml` and the local ones. */
  vars?: WorkerVars;
  /** Receives each log entry of the Worker and the runtime. */
  log?: (entry: LogEntry) => void;
  /**
   * Flags of the runtime beyond those of `wrangler.toml`; default: LOCAL_FLAGS. Without them, the streams'
   * readers sit on sockets that hibernate, as on Cloudflare.
   */
  flags?: readonly string[];
  /** Answers the host's fetches instead of the network. */
  fetch?: OutsideFetch;
}

/** A request that the Worker sends out, as Miniflare passes it. */
export type OutsideFetch = (request: Request) => Promise<Response> | Response;

export interface RunningHost {
  /** `http://localhost:2583` */
  readonly origin: string;
  /** The outside world's origin, with the did:plc directory at its root and the mailbox at `/mail`. */
  readonly outside: string;
  /** Process id of the runtime; changes after a crash. */
  readonly pid: number | null;
  /** Queries a database directly, past the Worker. For launchers and tests. */
  query(database: DatabaseName, sql: string, ...values: (string | number | null)[]): Promise<Row[]>;
  /** Kills the runtime with kill -9. Resolves once it runs again, on the same data and ports. */
  crash(): Promise<void>;
  /**
   * Applies changed sources and migrations, keeping data and ports. If the sources do not build, throws a
   * `LaunchError` and leaves the running host as it was.
   */
  reload(): Promise<void>;
  /** Stops the runtime, waits for it, and removes a temporary folder. May be called twice. */
  stop(): Promise<void>;
}

/** Resolves once the host answers. Throws a `LaunchError` for problems that the user can fix. */
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
  // Removes the folders even if the process exits without stopping its hosts.
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
    await assertServes(ports.host);
  } catch (thrown) {
    await runtime.dispose();
    throw thrown;
  }
  let stopping: Promise<void> | null = null;
  const schedule = () =>
    keepSchedule(readWranglerFile().crons, async (cron) => {
      // Not `getWorker`, which stops this thread until the runtime answers: one that has its log to get rid of
      // first waits for this thread in turn, for ever.
      const address = `http://localhost/cdn-cgi/local/scheduled?cron=${encodeURIComponent(cron)}`;
      const answer = await runtime.dispatchFetch(address, { headers: { "mf-route-override": WORKER } });
      await answer.arrayBuffer();
    });
  let leaveSchedule = schedule();
  return {
    origin: `http://localhost:${ports.host}`,
    outside: `http://localhost:${ports.outside}`,
    get pid() {
      return processes.pid;
    },
    async query(database, sql, ...values) {
      const answer = await control(runtime, secret, { database, sql, values });
      if ("error" in answer) throw new Error(answer.error);
      return answer.rows;
    },
    async crash() {
      const back = new Promise<void>((resolve) => (restarted = resolve));
      leaveSchedule();
      await processes.kill();
      await back;
      leaveSchedule = schedule();
    },
    async reload() {
      const made = await readBundlesAgain();
      await processes.during(() => runtime.setOptions(describe(made)));
      await assertServes(ports.host);
    },
    stop() {
      leaveSchedule();
      stopping ??= runtime.dispose().then(() => removeTemporary(temporary));
      return stopping;
    },
  };
}

/** Like `readBundles`, for a host that runs. */
async function readBundlesAgain(): Promise<Bundles> {
  return readBundles().catch((thrown: unknown) => {
    throw thrown instanceof LaunchError
      ? new LaunchError(`${thrown.message}\nThe host goes on as it was.`)
      : thrown;
  });
}

/** The first request brings the databases up to date. Throws a `LaunchError` with the host's own words. */
async function assertServes(port: number): Promise<void> {
  const response = await fetch(`http://localhost:${port}/xrpc/_health`);
  if (response.ok) return;
  const { message = response.statusText } = (await response.json()) as { message?: string };
  throw new LaunchError(message);
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
    // Miniflare's own listener, for its control traffic. The Workers are reached directly, which costs less.
    host: LOOPBACK,
    port: 0,
    cf: false,
    logRequests: false,
    unsafeTriggerHandlers: true,
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
  const file = readWranglerFile();
  const { compatibility } = file;
  const stores = storesOf(file);
  const { fetch } = options;
  return [
    { ...outside, unsafeDirectSockets: [{ host: LOOPBACK, port: ports.outside }] },
    {
      name: "control",
      modules: control,
      ...compatibility,
      bindings: { SECRET: secret },
      d1Databases: stores.d1Databases,
      unsafeDirectSockets: [{ host: LOOPBACK, port: 0 }],
    },
    // Last, since Miniflare copies all earlier descriptions for everything that it adds, and this is the
    // largest.
    {
      name: WORKER,
      modules: worker,
      ...compatibility,
      compatibilityFlags: [...compatibility.compatibilityFlags, ...(options.flags ?? LOCAL_FLAGS)],
      bindings: { ...chosenVars({ PUBLIC_URL: `http://localhost:${ports.host}`, ...options.vars }) },
      ...stores,
      serviceBindings: { OUTSIDE: "outside" },
      unsafeDirectSockets: [{ host: LOOPBACK, port: ports.host }],
      ...(fetch === undefined ? {} : { outboundService: (request: Request) => fetch(request) }),
    },
  ];
}

async function control(runtime: Miniflare, secret: string, request: ControlRequest): Promise<ControlAnswer> {
  // Looked up each time, since a restarted runtime has another port.
  const response = await fetch(await runtime.unsafeGetDirectURL("control"), {
    method: "POST",
    headers: { authorization: `Bearer ${secret}` },
    body: JSON.stringify(request),
  });
  return (await response.json()) as ControlAnswer;
}
