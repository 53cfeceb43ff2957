/**
 * Builds the folder that a network runs from: the Worker as plain modules, and workerd's configuration for
 * them. At run time the kit needs only workerd: no bundler, and no Miniflare, which would cost every network
 * 1.4 s of CPU and 230 MB.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { CACHE, bundleOptions, hashOf } from "../../dev/bundle.ts";
import { localVars } from "../../dev/configuration.ts";
import { ROOT, readWranglerFile, storesOf } from "../../dev/wrangler-file.ts";
import { AUXILIARY, CONFIG, DEFAULTS, type Runtime, workerdConfig } from "./workerd-config.ts";

const SOURCES = "tools/kit/worker";
/** Files that a build depends on besides those that it bundles. */
const OWN = [
  "tools/kit/runtime/build.ts",
  "tools/kit/runtime/workerd-config.ts",
  "tools/kit/worker/shifted-date.ts",
];

const MAIN = "main.mjs";
const CLOCK = "shifted-date.mjs";

const DAY_MS = 24 * 3_600_000;

interface Built {
  /** Source files of this repository in the build; `hash` covers their contents. */
  made: string[];
  hash: string;
}

/** Returns the folder built from the current sources. Builds only if they have changed. */
export async function builtRuntime(): Promise<string> {
  const note = path.join(CACHE, "kit.json");
  if (existsSync(note)) {
    const { made, hash } = JSON.parse(readFileSync(note, "utf8")) as Built;
    const folder = path.join(CACHE, `kit-${hash}`);
    if (hashOf(made) === hash && existsSync(path.join(folder, CONFIG))) return folder;
  }
  mkdirSync(CACHE, { recursive: true });
  const draft = path.join(CACHE, `kit-draft-${process.pid}-${performance.now()}`);
  let made: string[];
  try {
    made = await buildRuntime(draft);
  } catch (thrown) {
    rmSync(draft, { recursive: true, force: true });
    throw thrown;
  }
  removeOld();
  const hash = hashOf(made);
  const folder = path.join(CACHE, `kit-${hash}`);
  moveTo(draft, folder);
  writeFileSync(`${note}.${process.pid}`, JSON.stringify({ made, hash } satisfies Built));
  renameSync(`${note}.${process.pid}`, note);
  return folder;
}

/** Removes builds older than a day. A newer one may still be in use. */
function removeOld(): void {
  for (const name of readdirSync(CACHE)) {
    const folder = path.join(CACHE, name);
    if (name.startsWith("kit-") && Date.now() - statSync(folder).mtimeMs > DAY_MS) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** If two processes build at once, the first one's folder stays; both are the same. */
function moveTo(draft: string, folder: string): void {
  try {
    renameSync(draft, folder);
  } catch {
    if (!existsSync(path.join(folder, CONFIG))) cpSync(draft, folder, { recursive: true });
    rmSync(draft, { recursive: true });
  }
}

/** Builds into `folder`. Returns the source files of this repository in the build. */
export async function buildRuntime(folder: string): Promise<string[]> {
  const { build } = await import("esbuild");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const worker = await build({ ...workerOptions("entry"), outdir: folder, metafile: true });
  await buildClock(folder);
  const auxiliary = path.join(folder, AUXILIARY);
  const second = await build({ ...workerOptions("auxiliary"), outdir: auxiliary, metafile: true });
  const chunks = Object.keys(worker.metafile.outputs).map((file) => path.basename(file));
  const modules = [MAIN, CLOCK, ...chunks];
  const file = readWranglerFile();
  const { compatibility } = file;
  const stores = storesOf(file);
  writeFileSync(path.join(folder, CONFIG), workerdConfig({ modules, compatibility, stores }));
  const defaults: Omit<Runtime, "folder"> = { vars: localVars(), compatibility, stores };
  writeFileSync(path.join(folder, DEFAULTS), JSON.stringify(defaults, null, 1));
  const inputs = Object.keys({ ...worker.metafile.inputs, ...second.metafile.inputs })
    .map((file) => path.relative(ROOT, path.resolve(ROOT, file)))
    .filter((file) => !file.includes("node_modules/") && existsSync(path.join(ROOT, file)));
  return [...inputs, ...OWN];
}

/** Builds the clock as a separate module that runs first, before any module can capture `Date`. */
async function buildClock(folder: string): Promise<void> {
  const { build } = await import("esbuild");
  const entryPoints = [path.join(ROOT, SOURCES, "shifted-date.ts")];
  await build({ entryPoints, outfile: path.join(folder, CLOCK), format: "esm", logLevel: "silent" });
  const main = `import "./${CLOCK}";\nexport * from "./worker.mjs";\nexport { default } from "./worker.mjs";\n`;
  writeFileSync(path.join(folder, MAIN), main);
}

const clockApart: Plugin = {
  name: "clock-apart",
  setup(build) {
    build.onResolve({ filter: /\/shifted-date\.ts$/ }, () => ({ path: `./${CLOCK}`, external: true }));
  },
};

function workerOptions(entry: string): BuildOptions {
  const options = bundleOptions(`${SOURCES}/${entry}.ts`);
  return {
    ...options,
    sourcemap: false,
    define: { ...options.define, ATOLL_TEST_KIT: "true" },
    external: [...(options.external ?? []), "workerd:*"],
    plugins: [...(options.plugins ?? []), clockApart, bucket],
  };
}

/** Resolves Miniflare's bucket as Miniflare itself loads it. */
const bucket: Plugin = {
  name: "bucket",
  setup(build) {
    const require = createRequire(import.meta.url);
    const workers = path.join(path.dirname(require.resolve("miniflare")), "workers");
    const shared: Record<string, string> = { shared: "shared/index", zod: "shared/zod" };
    build.onResolve({ filter: /^miniflare:/ }, ({ path: given }) => {
      const wanted = given.slice("miniflare:".length);
      return { path: path.join(workers, `${shared[wanted] ?? wanted}.worker.js`) };
    });
    // Miniflare runs these as internal modules of the runtime, under other names.
    build.onResolve({ filter: /^node-internal:internal_/ }, ({ path: given }) => ({
      path: given.replace("node-internal:internal_", "node:"),
      external: true,
    }));
  },
};
