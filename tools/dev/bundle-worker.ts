/**
 * The build command in `wrangler.toml`: writes the Worker's modules where wrangler takes them, with source
 * maps that keep traces readable.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { DEPLOYED, bundle, bundleOptions } from "./bundle.ts";

rmSync(DEPLOYED, { recursive: true, force: true });
mkdirSync(DEPLOYED, { recursive: true });
const { files } = await bundle(bundleOptions("src/worker.ts"));
for (const { path, text } of files) writeFileSync(path, text);
