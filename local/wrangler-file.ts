/** What `wrangler.toml` says: the one place where vars, the compatibility date and aliases are written down. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "smol-toml";

export const ROOT = path.resolve(import.meta.dirname, "..");

export interface WranglerFile {
  compatibilityDate: string;
  vars: Record<string, string>;
  alias: Record<string, string>;
  minify: boolean;
}

export function readWranglerFile(file = path.join(ROOT, "wrangler.toml")): WranglerFile {
  const toml = parse(readFileSync(file, "utf8"));
  const date = toml.compatibility_date;
  if (typeof date !== "string") throw new Error(`${file} has no compatibility_date`);
  return {
    compatibilityDate: date,
    vars: strings(toml.vars, "vars", file),
    alias: strings(toml.alias, "alias", file),
    minify: toml.minify === true,
  };
}

function strings(table: unknown, name: string, file: string): Record<string, string> {
  const entries = Object.entries(table ?? {});
  const wrong = entries.find(([, value]) => typeof value !== "string");
  if (wrong !== undefined) throw new Error(`${file}: [${name}] ${wrong[0]} is not a string`);
  return Object.fromEntries(entries);
}
