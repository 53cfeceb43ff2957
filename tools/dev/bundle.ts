/**
 * Bundles Workers into modules, for Miniflare and for `wrangler deploy` (`bundle-worker.ts`). Late imports,
 * such as signing in by OAuth, become modules of their own, so that a start does not read them. Bundles are
 * cached by a hash of all inputs, so that a second start bundles nothing.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { bareScripts, bareSql } from "./bare-text.ts";
import type { BuiltFile } from "./minify.ts";
import { oneCopy } from "./one-copy.ts";
import { ROOT, readWranglerFile } from "./wrangler-file.ts";

/** The Workers of this repository, with their entry points. */
const ENTRIES = {
  worker: "src/worker.ts",
  outside: "tools/dev/outside/worker.ts",
  control: "tools/dev/control/worker.ts",
} as const;

export type WorkerName = keyof typeof ENTRIES;

/** A module in Miniflare's form. */
export interface WorkerModule {
  type: "ESModule";
  path: string;
  contents: string;
}

/**
 * A cached bundle, with the files of this repository that it was built from and the hash of their contents.
 */
interface Kept {
  made: string[];
  hash: string;
  modules: WorkerModule[];
}

/** The folder from which `wrangler.toml` deploys the Worker. */
export const DEPLOYED = path.join(ROOT, ".atoll/deploy");
export const CACHE = path.join(ROOT, "node_modules/.cache/atoll");

/** The modules of a Worker, the main one first; from the cache if nothing has changed. */
export async function readBundle(name: WorkerName): Promise<WorkerModule[]> {
  const cached = path.join(CACHE, `${name}.json`);
  if (existsSync(cached)) {
    const kept = JSON.parse(readFileSync(cached, "utf8")) as Kept;
    if (hashOf(kept.made) === kept.hash) return kept.modules;
  }
  const { files, inputs } = await bundle(bundleOptions(ENTRIES[name], name));
  const modules = modulesOf(files, name);
  // The lock file pins dependencies; only files that can be edited here are hashed one by one.
  const made = inputs.filter((file) => !file.includes("node_modules/") && existsSync(path.join(ROOT, file)));
  keep(cached, { made, hash: hashOf(made), modules });
  return modules;
}

/** Bundles and minifies, and writes nothing. Names the files that it read. Throws what esbuild throws. */
export async function bundle(options: BuildOptions): Promise<{ files: BuiltFile[]; inputs: string[] }> {
  // Loaded here, since a start that finds its bundle in the cache needs neither.
  const [{ build }, { minify }] = await Promise.all([import("esbuild"), import("./minify.ts")]);
  const { outputFiles, metafile } = await build({ ...options, write: false, metafile: true });
  return { files: minify(outputFiles), inputs: Object.keys(metafile.inputs) };
}

/** Converts built files to modules, with `main` first. */
export function modulesOf(files: readonly BuiltFile[], main: string): WorkerModule[] {
  const modules = files
    .filter((file) => file.path.endsWith(".mjs"))
    .map((file) => ({ type: "ESModule" as const, path: path.basename(file.path), contents: file.text }));
  return modules.toSorted((a, b) => Number(b.path === `${main}.mjs`) - Number(a.path === `${main}.mjs`));
}

/** The modules that load before the first answer: the main one, which comes first, and all static imports. */
export function readAtStart(modules: readonly WorkerModule[]): WorkerModule[] {
  const wanted = modules.slice(0, 1);
  for (const { contents } of wanted) {
    for (const [, name] of contents.matchAll(/\b(?:from|import)\s*"\.\/([^"]+)"/g)) {
      const found = modules.find(({ path: file }) => file === name);
      if (found !== undefined && !wanted.includes(found)) wanted.push(found);
    }
  }
  return wanted;
}

/**
 * The outside world (PLC directory, mailbox) as a Miniflare Worker description; shared with the test pool.
 */
export async function readOutsideModules() {
  return {
    name: "outside",
    modules: await readBundle("outside"),
    ...readWranglerFile().compatibility,
    durableObjects: { OUTSIDE: { className: "OutsideObject", useSQLite: true } },
  };
}

const bareBuiltins = builtinModules.filter((name) => !name.startsWith("_") && !name.includes(":"));

/** Stand-ins for dependencies that are implemented differently here, or unused: see those files. */
export const ALIASES = {
  "@atcute/util-text": "./src/protocol/graphemes.ts",
  "@atproto/lex-resolver": "./src/oauth/shims/lex-resolver.ts",
  "@atproto-labs/simple-store-memory": "./src/oauth/shims/no-store.ts",
  debug: "./src/oauth/shims/no-debug.ts",
  "@atproto-labs/fetch-node": "./src/oauth/shims/fetch-node.ts",
  ioredis: "./src/oauth/shims/no-redis.ts",
  "@hapi/accept": "./src/oauth/shims/no-negotiation.ts",
  "@hapi/content": "./src/oauth/shims/no-negotiation.ts",
  "http-errors": "./src/oauth/shims/http-errors.ts",
  "reflect-metadata": "./src/oauth/shims/no-reflection.ts",
  "@peculiar/x509": "./src/oauth/shims/no-certificates.ts",
  pino: "./src/oauth/shims/no-logger.ts",
  "unicode-segmenter/grapheme": "./src/oauth/shims/graphemes.ts",
  "@peculiar/asn1-android": "./src/oauth/shims/signatures-only.ts",
  "@peculiar/asn1-ecc": "./src/oauth/shims/signatures-only.ts",
  "@peculiar/asn1-rsa": "./src/oauth/shims/signatures-only.ts",
  "@peculiar/asn1-schema": "./src/oauth/shims/signatures-only.ts",
  "@peculiar/asn1-x509": "./src/oauth/shims/signatures-only.ts",
  "@peculiar/asn1-x509-post-quantum": "./src/oauth/shims/signatures-only.ts",
};

/** Esbuild options. Minifying halves the bytes that the runtime parses before the first answer. */
export function bundleOptions(entry: string, name = "worker"): BuildOptions {
  return {
    absWorkingDir: ROOT,
    entryPoints: { [name]: entry },
    outdir: DEPLOYED,
    outExtension: { ".js": ".mjs" },
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2024",
    supported: { "import-source": true, using: true },
    conditions: ["workerd", "worker", "browser"],
    minify: true,
    // For traces of a deployed Worker. Module names depend on it, too.
    sourcemap: true,
    alias: ALIASES,
    external: ["cloudflare:*", "node:*", ...bareBuiltins],
    loader: { ".js": "jsx", ".mjs": "jsx", ".cjs": "jsx", ".sql": "text" },
    define: {
      ATOLL_TEST_KIT: "false",
      ATOLL_CHEAP_HASHES: "false",
      "navigator.userAgent": '"Cloudflare-Workers"',
      "process.env.NODE_ENV": '"production"',
      "global.process.env.NODE_ENV": '"production"',
      "globalThis.process.env.NODE_ENV": '"production"',
    },
    plugins: [requiredBuiltins, standIns, oneCopy, bareSql, bareScripts],
    logLevel: "silent",
  };
}

/** CommonJS dependencies `require` Node's modules, but workerd offers them only as imports. */
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

/** Stand-ins for files within a package, which an alias does not reach. */
const WITHIN: readonly [imported: RegExp, standIn: string][] = [
  [/\/defaultRootCerts\//, "src/oauth/shims/no-roots.ts"],
  [/^\.\/supported\.js$/, "src/xrpc/blobs/shims/no-list.ts"],
  [/\/relations\.js$/, "src/identity/shims/no-relations.ts"],
  [/\/pg-core\/columns\/enum\.js$/, "src/identity/shims/no-postgres.ts"],
  [/^multiformats\/basics$/, "src/protocol/shims/bases.ts"],
  [
    /\/verifyAttestation(AndroidKey|AndroidSafetyNet|Apple|FIDOU2F|TPM)\.js$/,
    "src/oauth/shims/no-attestation.ts",
  ],
];

const standIns: Plugin = {
  name: "stand-ins",
  setup(build) {
    for (const [filter, standIn] of WITHIN) {
      build.onResolve({ filter }, () => ({ path: path.join(ROOT, standIn), sideEffects: false }));
    }
  },
};

/** The files that make bundles. */
const MAKERS = ["bundle.ts", "bare-text.ts", "minify.ts", "one-copy.ts"].map((name) => `tools/dev/${name}`);

/** A hash over the names and contents of the given files, the lock file, `wrangler.toml` and what makes bundles. */
export function hashOf(files: string[]): string {
  const hash = createHash("sha256");
  for (const file of ["package-lock.json", "wrangler.toml", ...MAKERS, ...files]) {
    const absolute = path.join(ROOT, file);
    hash.update(file).update("\0");
    if (existsSync(absolute)) hash.update(readFileSync(absolute)).update("\0");
  }
  return hash.digest("hex");
}

/** Writes a draft and renames it, so that concurrent starts never read half a file. */
function keep(file: string, kept: Kept): void {
  mkdirSync(CACHE, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(kept));
  renameSync(draft, file);
}
