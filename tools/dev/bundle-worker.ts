/** `wrangler.toml`'s `[build]`: the Worker's modules, with maps that keep traces readable, where wrangler takes them. */
import { rmSync } from "node:fs";
import { build } from "esbuild";
import { DEPLOYED, bundleOptions } from "./bundle.ts";

rmSync(DEPLOYED, { recursive: true, force: true });
await build(bundleOptions("src/worker.ts"));
