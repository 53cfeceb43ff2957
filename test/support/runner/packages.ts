/**
 * The npm packages that the Worker uses, bundled as a deploy bundles them, for tests in workerd. Otherwise
 * the pool fetches each of some 1,500 package files by its own request, which takes ten seconds.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { ALIASES, CACHE, bundleOptions, hashOf } from "../../../tools/dev/bundle.ts";

interface Alias {
  find: RegExp;
  replacement: string;
}

/**
 * One alias for each package name that the Worker's own code imports. The modules share their common parts.
 * They are bundled again only if the lock file, the names or what stands in for packages has changed.
 */
export async function bundlePackages(): Promise<Alias[]> {
  const names = await importedByWorker();
  const files = names.map((name) => name.replaceAll(/[^\w-]/g, "_"));
  const key = createHash("sha256")
    .update(hashOf(Object.values(ALIASES)))
    .update(names.join("\n"));
  const folder = path.join(CACHE, `packages-${key.digest("hex").slice(0, 16)}`);
  if (!existsSync(folder)) await bundleInto(folder, names, files);
  return names.map((name, i) => ({
    find: new RegExp(`^${name.replaceAll(".", "\\.")}$`),
    replacement: path.join(folder, `${files[i]}.mjs`),
  }));
}

/** Writes to a draft and renames it, so that two runs at once never read half a bundle. */
async function bundleInto(folder: string, names: string[], files: string[]): Promise<void> {
  const draft = `${folder}-${process.pid}`;
  await build({
    ...bundleOptions(""),
    entryPoints: names.map((name, i) => ({ in: name, out: files[i] ?? name })),
    outdir: draft,
    minify: false,
    sourcemap: false,
  });
  try {
    renameSync(draft, folder);
  } catch {
    // Another run was first; both are the same.
    rmSync(draft, { recursive: true, force: true });
    return;
  }
  for (const other of readdirSync(CACHE).filter((name) => /^packages(-[0-9a-f]{16})?$/.test(name))) {
    if (path.join(CACHE, other) !== folder) rmSync(path.join(CACHE, other), { recursive: true, force: true });
  }
}

/** What these files import from npm, in their own code and all that they import of this repository. */
export async function importedByWorker(entryPoints: string[] = ["src/worker.ts"]): Promise<string[]> {
  const { metafile } = await build({
    ...bundleOptions(""),
    entryPoints,
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
