/**
 * The npm packages that the Worker uses, bundled as a deploy bundles them, for tests in workerd. Otherwise
 * the pool fetches each of some 1,500 package files by its own request, which takes ten seconds.
 */
import path from "node:path";
import { build } from "esbuild";
import { CACHE, bundleOptions } from "../../tools/dev/bundle.ts";

const FOLDER = path.join(CACHE, "packages");

interface Alias {
  find: RegExp;
  replacement: string;
}

/**
 * One alias for each package name that the Worker's own code imports. The modules share their common parts.
 */
export async function bundlePackages(): Promise<Alias[]> {
  const names = await importedByWorker();
  const files = names.map((name) => name.replaceAll(/[^\w-]/g, "_"));
  await build({
    ...bundleOptions(""),
    entryPoints: names.map((name, i) => ({ in: name, out: files[i] ?? name })),
    outdir: FOLDER,
    minify: false,
    sourcemap: false,
  });
  return names.map((name, i) => ({
    find: new RegExp(`^${name.replaceAll(".", "\\.")}$`),
    replacement: path.join(FOLDER, `${files[i]}.mjs`),
  }));
}

async function importedByWorker(): Promise<string[]> {
  const options = bundleOptions("src/worker.ts");
  const { metafile } = await build({
    ...options,
    alias: {},
    plugins: [],
    packages: "external",
    write: false,
    metafile: true,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const names = imports.filter((one) => one.external === true).map((one) => one.path);
  return [...new Set(names)].filter((name) => !/^(node|cloudflare):/.test(name)).toSorted();
}
