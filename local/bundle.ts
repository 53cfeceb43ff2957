/**
 * Workers as one module each, for Miniflare. The same esbuild settings as `wrangler deploy` uses (a test compares the two),
 * and kept by a hash of everything that goes in, so that a second start bundles nothing.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import path from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { ROOT, readWranglerFile } from "./wrangler-file.ts";

/** The Workers of this repository, by where each begins. */
const ENTRIES = {
  worker: "src/worker.ts",
  outside: "local/outside/worker.ts",
  control: "local/control/worker.ts",
} as const;

export type WorkerName = keyof typeof ENTRIES;

/** A bundle, with the files of this repository that it was made of and the hash of their contents. */
interface Kept {
  made: string[];
  hash: string;
  script: string;
}

export const CACHE = path.join(ROOT, "node_modules/.cache/atoll");

/** The text of the bundled Worker, from the cache where nothing has changed. */
export async function readBundle(name: WorkerName): Promise<string> {
  const cached = path.join(CACHE, `${name}.json`);
  if (existsSync(cached)) {
    const kept = JSON.parse(readFileSync(cached, "utf8")) as Kept;
    if (hashOf(kept.made) === kept.hash) return kept.script;
  }
  const { build } = await import("esbuild");
  const bundled = await build({ ...bundleOptions(ENTRIES[name]), write: false, metafile: true });
  const script = bundled.outputFiles[0]?.text;
  if (script === undefined) throw new Error(`${ENTRIES[name]} did not build`);
  // Dependencies are held by the lock file; only what can be edited here is looked at file by file.
  const made = Object.keys(bundled.metafile.inputs).filter(
    (file) => !file.includes("node_modules/") && existsSync(path.join(ROOT, file)),
  );
  keep(cached, { made, hash: hashOf(made), script });
  return script;
}

/** The outside world (PLC directory, mailbox) as Miniflare wants a Worker described; shared with the test pool. */
export async function readOutsideModules() {
  return {
    name: "outside",
    modules: [{ type: "ESModule" as const, path: "outside.mjs", contents: await readBundle("outside") }],
    compatibilityDate: readWranglerFile().compatibilityDate,
    durableObjects: { OUTSIDE: { className: "OutsideObject", useSQLite: true } },
  };
}

const bareBuiltins = builtinModules.filter((name) => !name.startsWith("_") && !name.includes(":"));

/** `wrangler deploy`'s settings (workers-sdk, deployment-bundle/bundle.ts). */
export function bundleOptions(entry: string): BuildOptions {
  const { alias, minify } = readWranglerFile();
  return {
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    target: "es2024",
    supported: { "import-source": true, using: true },
    conditions: ["workerd", "worker", "browser"],
    keepNames: true,
    minify,
    alias,
    external: ["cloudflare:*", "node:*", ...bareBuiltins],
    loader: { ".js": "jsx", ".mjs": "jsx", ".cjs": "jsx", ".sql": "text" },
    define: {
      "navigator.userAgent": '"Cloudflare-Workers"',
      "process.env.NODE_ENV": '"production"',
      "global.process.env.NODE_ENV": '"production"',
      "globalThis.process.env.NODE_ENV": '"production"',
    },
    plugins: [requiredBuiltins, nodeDebug],
    logLevel: "silent",
  };
}

/** CommonJS dependencies `require` Node's modules; workerd only has them as imports. */
const requiredBuiltins: Plugin = {
  name: "required-builtins",
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(node:.+|${bareBuiltins.join("|")})$`) }, (given) =>
      given.kind === "require-call" ? { path: given.path, namespace: "builtin" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path: name }) => ({
      contents: `import builtin from ${JSON.stringify(name)}; module.exports = builtin;`,
      loader: "js",
    }));
  },
};

/** Wrangler takes `debug` in its Node form, whatever the conditions say. */
const nodeDebug: Plugin = {
  name: "node-debug",
  setup(build) {
    build.onResolve({ filter: /^debug$/ }, ({ resolveDir }) => ({
      path: createRequire(path.join(resolveDir, "x.js")).resolve("debug"),
    }));
  },
};

/** Over the names and contents of the given files, and what else decides: the lock file, and the settings here. */
export function hashOf(files: string[]): string {
  const hash = createHash("sha256");
  for (const file of ["package-lock.json", "wrangler.toml", "local/bundle.ts", ...files]) {
    const absolute = path.join(ROOT, file);
    hash.update(file).update("\0");
    if (existsSync(absolute)) hash.update(readFileSync(absolute)).update("\0");
  }
  return hash.digest("hex");
}

/** Written beside and renamed, so that two starts at once never read half a file. */
function keep(file: string, kept: Kept): void {
  mkdirSync(CACHE, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(kept));
  renameSync(draft, file);
}
