/**
 * One workerd process: started, awaited, killed, and restarted on the same ports and folder. It neither keeps
 * this process alive nor outlives it, however this process ends.
 */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { LogEntry } from "../../dev/host-log.ts";
import { LOOPBACK, LaunchError, randomPort } from "../../dev/ports.ts";
import { watch } from "../../dev/runtime-processes.ts";
import { atExit } from "./temporary.ts";
import { CONFIG, VAR_PREFIX } from "./workerd-config.ts";

export interface Ports {
  host: number;
  control: number;
}

export interface WorkerdOptions {
  /** Folder with the configuration. */
  runtime: string;
  /** Folder for the databases. */
  storage: string;
  /** Folder to remove if this process is killed. */
  folder: string;
  /** Loopback port that receives the Worker's fetches. */
  outbound: number;
  /** Fixed ports; undefined: any two free ones. */
  ports: Ports | undefined;
  /** Called at each start. */
  vars: (ports: Ports) => Record<string, string>;
  log: ((entry: LogEntry) => void) | undefined;
}

/** Number of starts to try, in case another process takes the chosen ports first. */
const TRIES = 8;
const START_MS = 20_000;
/** Number of the runtime's last output lines to keep. */
const LAST_WORDS = 12;

class PortTaken extends Error {}

export class Workerd {
  readonly ports: Ports;
  readonly #options: WorkerdOptions;
  #child: ChildProcess;
  #forget: () => void = () => {};
  #stopped = false;

  private constructor(options: WorkerdOptions, ports: Ports, child: ChildProcess) {
    this.#options = options;
    this.ports = ports;
    this.#child = child;
    this.#own(child);
  }

  /** Resolves once it listens. Throws a `LaunchError`. */
  static async start(options: WorkerdOptions): Promise<Workerd> {
    for (let tried = 1; ; tried++) {
      const ports = options.ports ?? (await twoPorts());
      try {
        return new Workerd(options, ports, await launch(options, ports));
      } catch (thrown) {
        if (!(thrown instanceof PortTaken)) throw thrown;
        if (options.ports !== undefined || tried === TRIES) throw taken(ports, thrown.message);
      }
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The last lines of its output once it has ended; null while it runs. */
  get ended(): string | null {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return null;
    return lastWords.get(this.#child)?.join("\n") ?? "";
  }

  /** Does a kill -9 and starts a new process on the same data. */
  async crash(): Promise<void> {
    await this.#kill();
    if (this.#stopped) return;
    this.#child = await launch(this.#options, this.ports).catch((thrown: unknown) => {
      throw thrown instanceof PortTaken ? taken(this.ports, thrown.message) : thrown;
    });
    this.#own(this.#child);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#kill();
  }

  #own(child: ChildProcess): void {
    const watcher = watch(child, this.#options.folder);
    const forget = atExit(() => child.kill("SIGKILL"));
    child.once("exit", () => {
      watcher?.kill("SIGKILL");
      forget();
    });
    this.#forget = forget;
    letGo(child);
  }

  async #kill(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.ref();
    child.kill("SIGKILL");
    await gone;
    this.#forget();
  }
}

const taken = ({ host, control }: Ports, what: string) =>
  new LaunchError(
    `Port ${what.includes(`:${control}`) ? control : host} is taken by another process. ` +
      "Leave `port` out, and the network finds free ones.",
  );

/**
 * Ports below the range that systems use for outgoing connections, so that no other process takes them during
 * a crash.
 */
async function twoPorts(): Promise<Ports> {
  const [host, control] = await Promise.all([randomPort(), randomPort()]);
  return host === control ? twoPorts() : { host, control };
}

const lastWords = new WeakMap<ChildProcess, string[]>();

async function launch(options: WorkerdOptions, ports: Ports): Promise<ChildProcess> {
  const { runtime, storage, outbound, log } = options;
  const args = [
    "serve",
    "--experimental",
    `--socket-addr=host=${LOOPBACK}:${ports.host}`,
    `--socket-addr=control=${LOOPBACK}:${ports.control}`,
    `--directory-path=storage=${storage}`,
    `--external-addr=outbound=${LOOPBACK}:${outbound}`,
    "--control-fd=3",
    path.join(runtime, CONFIG),
  ];
  const vars = Object.entries(options.vars(ports)).map(([name, value]) => [VAR_PREFIX + name, value]);
  const child = spawn(workerdBinary(), args, {
    env: { ...Object.fromEntries(vars), TZ: "UTC" },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const words: string[] = [];
  lastWords.set(child, words);
  const hear = (line: string) => {
    const entry = entryOf(line);
    words.push(entry.message);
    if (words.length > LAST_WORDS) words.shift();
    log?.(entry);
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface(stream).on("line", hear);
  }
  await listening(child, words);
  return child;
}

/** Waits until the runtime has reported on its control pipe that both sockets listen. */
function listening(child: ChildProcess, words: string[]): Promise<void> {
  const control = child.stdio[3] as Readable;
  let count = 0;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new LaunchError(`workerd did not listen within ${START_MS} ms.\n${words.join("\n")}`));
    }, START_MS);
    const fail = (why: Error) => {
      clearTimeout(timer);
      reject(why);
    };
    child.once("error", (thrown) => fail(new LaunchError(`workerd does not run: ${thrown.message}`)));
    child.once("close", (code, signal) => {
      const said = words.join("\n");
      if (/address already in use/i.test(said)) return fail(new PortTaken(said));
      fail(new LaunchError(`workerd ended as it started (${signal ?? code}).\n${said}`));
    });
    control.on("data", (chunk: Buffer) => {
      count += chunk.toString().split('"listen"').length - 1;
      if (count < 2) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Keeps the child process and its pipes from keeping this process alive. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of child.stdio) {
    if (stream && "unref" in stream && typeof stream.unref === "function") stream.unref();
  }
}

function entryOf(line: string): LogEntry {
  if (line.startsWith("{")) {
    try {
      return JSON.parse(line) as LogEntry;
    } catch {
      // Not JSON after all: logged unchanged.
    }
  }
  return { timestamp: Date.now(), level: "error", message: line };
}

/** Path of the binary: `ATOLL_WORKERD`, or the one that the package `workerd` has for this machine. */
function workerdBinary(): string {
  const given = process.env.ATOLL_WORKERD;
  if (given !== undefined && given !== "") return given;
  const require = createRequire(import.meta.url);
  try {
    const { default: found } = require("workerd") as { default: unknown };
    if (typeof found === "string") return found;
  } catch {
    // Reported below.
  }
  throw new LaunchError(
    `The runtime is missing: npm has no workerd for ${process.platform} ${process.arch} installed. ` +
      "Install again without --omit=optional.",
  );
}
