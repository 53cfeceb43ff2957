import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { bundleOptions } from "../../local/bundle.ts";
import { ROOT } from "../../local/wrangler-file.ts";

/** Files that went into a bundle, by their path; Node's own modules and SQL text are wrapped differently. */
function sourcesOf(metafile: { inputs: Record<string, unknown> }): string[] {
  return Object.keys(metafile.inputs)
    .filter((file) => /\.[cm]?[jt]sx?$/.test(file) && !/^(builtin|node-built-in-modules):/.test(file))
    .toSorted();
}

test("the local bundle is made of the same files as wrangler's", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "atoll-bundle-"));
  try {
    const meta = path.join(folder, "meta.json");
    const wrangler = path.join(ROOT, "node_modules/wrangler/bin/wrangler.js");
    const given = ["deploy", "--dry-run", "--outdir", folder, "--metafile", meta];
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: folder };
    const run = spawnSync(process.execPath, [wrangler, ...given], { cwd: ROOT, env, encoding: "utf8" });
    expect(run.status, run.stderr).toBe(0);
    const theirs = JSON.parse(readFileSync(meta, "utf8")) as { inputs: Record<string, unknown> };
    const ours = await build({ ...bundleOptions("src/worker.ts"), write: false, metafile: true });
    expect(sourcesOf(ours.metafile)).toEqual(sourcesOf(theirs));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
