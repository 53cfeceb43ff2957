/**
 * The build command in `wrangler.toml`: writes the Worker's modules where wrangler takes them, with source
 * maps that keep traces readable.
 */
import { rmSync } from "node:fs";
import { build } from "esbuild";
import { DEPLOYED, bundleOptions } from "./bundle.ts";

rmSync(DEPLOYED, { recursive: true, force: true });
await build(bundleOptions("src/worker.ts"));
