/**
 * `npm run build -w atoll-host` writes the package's content to `dist/`: the kit as JavaScript, its types, and the Worker
 * as networks run it. Node does not run TypeScript in node_modules, and a test should not need a bundler.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build, type Plugin } from "esbuild";
import { ROOT } from "../dev/wrangler-file.ts";
import { buildRuntime } from "./runtime/build.ts";

const KIT = path.join(ROOT, "tools/kit");
const DIST = path.join(KIT, "dist");
const ENTRIES = { testing: "index.ts", worker: "auxiliary.ts", cli: "cli.ts" };
const TYPED = ["tools/kit/index.ts", "tools/kit/auxiliary.ts"];

async function buildScripts(): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(
      Object.entries(ENTRIES).map(([name, file]) => [name, `tools/kit/${file}`]),
    ),
    outdir: DIST,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    external: installed(),
    chunkNames: "[name]-[hash]",
    plugins: [noBuilder],
  });
  chmodSync(path.join(DIST, "cli.js"), 0o755);
}

/** The packages that npm installs with this one. Whatever else the kit imports becomes part of it. */
function installed(): string[] {
  const manifest = JSON.parse(readFileSync(path.join(KIT, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
  };
  return [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
}

/**
 * Leaves `build.ts` out. Only this repository can build a Worker; elsewhere the import fails, and the kit
 * says why.
 */
const noBuilder: Plugin = {
  name: "no-builder",
  setup(given) {
    given.onResolve({ filter: /^\.\/build\.ts$/ }, () => ({ path: "./build.js", external: true }));
  },
};

/** Writes the declarations of the entries' exports and of all files they import. */
function buildTypes(): void {
  const draft = path.join(ROOT, "node_modules/.cache/atoll/types");
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const config = path.join(draft, "tsconfig.json");
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    stripInternal: true,
    outDir: "out",
    rootDir: ROOT,
  };
  const files = [...TYPED, "tools/kit/worker/modules.d.ts"].map((file) => path.join(ROOT, file));
  const extended = { extends: path.join(ROOT, "tsconfig.json"), compilerOptions, files, include: [] };
  writeFileSync(config, JSON.stringify(extended));
  const tsc = path.join(ROOT, "node_modules/typescript/bin/tsc");
  const run = spawnSync(process.execPath, [tsc, "-p", config], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`types: ${run.stdout}${run.stderr}`);
  copyReachable(path.join(draft, "out"));
}

function copyReachable(from: string): void {
  const queue = TYPED.map((file) => file.replace(/\.ts$/, ".d.ts"));
  const seen = new Set(queue);
  for (const file of queue) {
    const text = readFileSync(path.join(from, file), "utf8");
    for (const [, imported = ""] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const found = path.join(path.dirname(file), imported.replace(/\.ts$/, ".d.ts"));
      if (seen.has(found) || !existsSync(path.join(from, found))) continue;
      seen.add(found);
      queue.push(found);
    }
    const target = path.join(DIST, "types", file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text.replaceAll(/(from\s*"\.[^"]+)\.ts"/g, '$1.js"'));
  }
}

rmSync(DIST, { recursive: true, force: true });
await buildRuntime(path.join(DIST, "runtime"));
await buildScripts();
buildTypes();
cpSync(path.join(ROOT, "docs/testing.md"), path.join(DIST, "testing.md"));
console.log(`dist/ is built: ${Object.keys(ENTRIES).join(", ")}, types, runtime`);
