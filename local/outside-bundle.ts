/** The outside world of local runs (PLC directory, mailbox) as a bundled Worker for Miniflare. */
import path from "node:path";
import { build } from "esbuild";

export const COMPATIBILITY_DATE = "2026-10-20";

export async function readOutsideModules() {
  const bundled = await build({
    entryPoints: [path.resolve(import.meta.dirname, "outside/worker.ts")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    loader: { ".sql": "text" },
  });
  const script = bundled.outputFiles[0];
  if (script === undefined) throw new Error("the outside worker did not build");
  return {
    name: "outside",
    modules: [{ type: "ESModule" as const, path: "outside.mjs", contents: script.text }],
    compatibilityDate: COMPATIBILITY_DATE,
    durableObjects: { OUTSIDE: { className: "OutsideObject", useSQLite: true } },
  };
}
