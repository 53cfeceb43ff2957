/**
 * The workerd processes behind one Miniflare: known, so that a test can kill them, and watched, so that none outlives a
 * launcher that was itself killed. (workerd does not notice that its parent is gone: tried.)
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { once } from "node:events";

const owner = new AsyncLocalStorage<RuntimeProcesses>();
let listening = false;

/** Node announces each child process in the async context that started it: that tells whose it is. */
function listen(): void {
  if (listening) return;
  listening = true;
  subscribe("child_process", (message) => {
    const { process: child } = message as { process: ChildProcess };
    const mine = owner.getStore();
    child.once("spawn", () => mine?.adopt(child));
  });
}

export class RuntimeProcesses {
  #current: ChildProcess | null = null;
  /** Removed by the watcher when nobody else can. */
  readonly #folder: string | null;
  #watchers = new Map<ChildProcess, ChildProcess>();

  /** `folder`: a temporary folder that must not outlive the launcher either. */
  constructor(folder: string | null) {
    this.#folder = folder;
    listen();
  }

  /** Runs `start`, and counts as ours whatever workerd it starts, then or later. */
  during<Result>(start: () => Result): Result {
    return owner.run(this, start);
  }

  adopt(child: ChildProcess): void {
    if (!/workerd(\.exe)?$/.test(child.spawnfile)) return;
    this.#current = child;
    const watcher = owner.exit(() => watch(child, this.#folder));
    if (watcher === null) return;
    this.#watchers.set(child, watcher);
    child.once("exit", () => this.#release(child));
  }

  /** The process id of the runtime, for measuring it. */
  get pid(): number | null {
    return this.#current?.pid ?? null;
  }

  /** kill -9, and waits until the process is gone. */
  async kill(): Promise<void> {
    const child = this.#current;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  #release(child: ChildProcess): void {
    // Before its standard input closes: it would take that for the launcher's death.
    this.#watchers.get(child)?.kill("SIGKILL");
    this.#watchers.delete(child);
  }
}

/** Waits for the end of a pipe that only this process holds, then kills and cleans. It costs one idle shell. */
export function watch(
  child: ChildProcess,
  folder: string | null,
  signal: NodeJS.Signals = "SIGKILL",
): ChildProcess | null {
  if (process.platform === "win32" || child.pid === undefined) return null;
  const script = 'read _; kill -s "$1" "$2" 2>/dev/null; [ -z "$3" ] || rm -rf "$3"';
  const args = [signal.slice("SIG".length), String(child.pid), folder ?? ""];
  const watcher = spawn("/bin/sh", ["-c", script, "atoll-watch", ...args], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watcher.unref();
  // The pipe must not keep the launcher alive, nor bring it down when the watcher is gone.
  watcher.stdin.on("error", () => {});
  if ("unref" in watcher.stdin && typeof watcher.stdin.unref === "function") watcher.stdin.unref();
  watcher.on("error", () => {});
  return watcher;
}
