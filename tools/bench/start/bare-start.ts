/**
 * Measures the start of the bare runtime with one Worker without bindings. Miniflare's part is left out (it
 * takes 0.15 s to pass on our modules).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import type { WorkerModule } from "../../dev/bundle.ts";
import { LOOPBACK } from "../../dev/ports.ts";
import { readWranglerFile } from "../../dev/wrangler-file.ts";

const binary = (): string => (createRequire(import.meta.url)("workerd") as { default: string }).default;

function configOf(modules: readonly WorkerModule[]): string {
  const { compatibilityDate, compatibilityFlags } = readWranglerFile().compatibility;
  const list = modules.map(({ path: file }) => `(name = "${file}", esModule = embed "${file}")`).join(", ");
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "worker", worker = .worker)],
  sockets = [(name = "http", address = "${LOOPBACK}:0", http = (), service = "worker")]);
const worker :Workerd.Worker = (
  modules = [${list}], compatibilityDate = "${compatibilityDate}",
  compatibilityFlags = ${JSON.stringify(compatibilityFlags)});
`;
}

/**
 * Milliseconds from the start of the process to the Worker's first answer. The first module is the main one.
 */
export async function bareStart(modules: readonly WorkerModule[]): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), "atoll-bench-"));
  for (const { path: file, contents } of modules) writeFileSync(path.join(folder, file), contents);
  const config = path.join(folder, "config.capnp");
  writeFileSync(config, configOf(modules));
  const begun = performance.now();
  const args = ["serve", "--experimental", "--control-fd=3", config];
  const child = spawn(binary(), args, { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  try {
    const [heard] = (await once(child.stdio[3] as Readable, "data")) as [Buffer];
    const { port } = JSON.parse(heard.toString().split("\n")[0] ?? "") as { port: number };
    await (await fetch(`http://${LOOPBACK}:${port}`)).arrayBuffer();
    return performance.now() - begun;
  } finally {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  }
}
