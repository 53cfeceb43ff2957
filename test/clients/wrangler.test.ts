/** What `wrangler deploy` would upload. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { readBundle } from "../../tools/dev/bundle.ts";
import { ROOT } from "../../tools/dev/wrangler-file.ts";

test("wrangler uploads the modules that a local run starts", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "atoll-bundle-"));
  try {
    const wrangler = path.join(ROOT, "node_modules/wrangler/bin/wrangler.js");
    const given = ["deploy", "--dry-run", "--outdir", folder];
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: folder };
    const run = spawnSync(process.execPath, [wrangler, ...given], { cwd: ROOT, env, encoding: "utf8" });
    expect(run.status, run.stderr).toBe(0);
    const uploaded = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
    const local = await readBundle("worker");
    expect(uploaded.toSorted()).toEqual(local.map((module) => module.path).toSorted());
    for (const module of local) {
      expect(readFileSync(path.join(folder, module.path), "utf8")).toBe(module.contents);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
