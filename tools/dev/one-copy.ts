/**
 * One copy of each version of a package. npm installs a version several times where it cannot hoist it, and a
 * bundle would have each: six of `multiformats`, seven of `@atproto/syntax`.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Plugin } from "esbuild";
import { ROOT } from "./wrangler-file.ts";

const MODULES = "node_modules/";
/** The packages that npm says it has installed. */
const INSTALLED = path.join(ROOT, MODULES, ".package-lock.json");

interface Installed {
  packages: Record<string, { version?: string }>;
}

const nameOf = (folder: string): string => folder.slice(folder.lastIndexOf(MODULES) + MODULES.length);

/** Folders of packages, each with the folder of the copy that stands for it. */
function readCopies(): Map<string, string> {
  if (!existsSync(INSTALLED)) return new Map();
  const { packages } = JSON.parse(readFileSync(INSTALLED, "utf8")) as Installed;
  const first = new Map<string, string>();
  const copies = new Map<string, string>();
  for (const folder of Object.keys(packages).toSorted()) {
    const version = `${nameOf(folder)}@${packages[folder]?.version}`;
    const kept = first.get(version);
    if (kept === undefined) first.set(version, folder);
    else copies.set(folder, kept);
  }
  return copies;
}

/** The package that a file belongs to, and the rest of its path. */
function split(file: string): { folder: string; rest: string } | null {
  const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)(\/.*)$/.exec(path.relative(ROOT, file));
  return found === null ? null : { folder: found[1] ?? "", rest: found[2] ?? "" };
}

const ASKED = Symbol("asked");

export const oneCopy: Plugin = {
  name: "one-copy",
  setup(build) {
    const copies = readCopies();
    if (copies.size === 0) return;
    const names = [...new Set([...copies.keys()].map(nameOf))].map((name) => name.replaceAll(".", "\\."));
    build.onResolve({ filter: new RegExp(`^(${names.join("|")})(/|$)`) }, async (given) => {
      if (given.pluginData === ASKED) return undefined;
      const { importer, namespace, resolveDir, kind, with: attributes } = given;
      const about = { importer, namespace, resolveDir, kind, with: attributes, pluginData: ASKED };
      const found = await build.resolve(given.path, about);
      const at = split(found.path);
      const kept = at === null ? undefined : copies.get(at.folder);
      if (found.errors.length > 0 || at === null || kept === undefined) return undefined;
      return { path: path.join(ROOT, kept + at.rest), sideEffects: found.sideEffects };
    });
  },
};
