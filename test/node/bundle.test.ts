import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readAtStart, readBundle } from "../../local/bundle.ts";
import { ROOT } from "../../local/wrangler-file.ts";

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

test("a start reads neither the OAuth provider nor passkeys nor what tells files apart", async () => {
  const modules = await readBundle("worker");
  const atStart = readAtStart(modules);
  const late = modules.filter((module) => !atStart.includes(module));
  const signs = ["request_uri", "attestationObject", "application/x-xz"];
  const holds = (some: typeof modules) =>
    signs.map((sign) => some.some(({ contents }) => contents.includes(sign)));
  expect(holds(late)).toEqual([true, true, true]);
  expect(holds(atStart)).toEqual([false, false, false]);
  const size = modules.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
  expect(size).toBeLessThan(1_000_000);
});
