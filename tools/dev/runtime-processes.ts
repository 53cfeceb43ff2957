/**
 * Tracks the workerd processes of one Miniflare, so that a test can kill them, and watches them, so that none
 * outlives a launcher that was itself killed. (Tried: workerd does not notice that its parent is gone.)
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { once } from "node:events";

const owner = new AsyncLocalStorage<RuntimeProcesses>();
let listening = false;

/** Node announces each child process in the async context that started it, which identifies the owner. */
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
  /** Removed by the watcher if the launcher dies. */
  readonly #folder: string | null;
  #watchers = new Map<ChildProcess, ChildProcess>();

  /** `folder` is a temporary folder that must not outlive the launcher either. */
  constructor(folder: string | null) {
    this.#folder = folder;
    listen();
  }

  /** Runs `start`; any workerd that it starts, then or later, counts as ours. */
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

  /** The runtime's process id, for measuring it. */
  get pid(): number | null {
    return this.#current?.pid ?? null;
  }

  /** Sends kill -9 and waits until the process is gone. */
  async kill(): Promise<void> {
    const child = this.#current;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  #release(child: ChildProcess): void {
    // Killed before its standard input closes, which it would take for the launcher's death.
    this.#watchers.get(child)?.kill("SIGKILL");
    this.#watchers.delete(child);
  }
}

/**
 * Waits for the end of a pipe that only this process holds, then kills the child and deletes the folder.
 * Costs one idle shell.
 */
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
  // The pipe must not keep the launcher alive, nor crash it when the watcher is gone.
  watcher.stdin.on("error", () => {});
  if ("unref" in watcher.stdin && typeof watcher.stdin.unref === "function") watcher.stdin.unref();
  watcher.on("error", () => {});
  return watcher;
}
