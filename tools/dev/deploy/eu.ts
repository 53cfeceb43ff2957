/**
 * The choice of the EU, which wrangler.toml keeps: the bucket's jurisdiction, and that of the host's objects. Each
 * later deploy has to say the same.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT, type WranglerFile } from "../wrangler-file.ts";

export const isInEu = ({ vars }: WranglerFile): boolean => vars.JURISDICTION === "eu";

/** The file as `keepInEu` would leave it. */
export const inEu = (file: WranglerFile): WranglerFile => ({
  ...file,
  buckets: file.buckets.map((bucket) => ({ ...bucket, jurisdiction: "eu" })),
});

/** Writes the choice into wrangler.toml, unless it is there. */
export function keepInEu(file = path.join(ROOT, "wrangler.toml")): void {
  const toml = readFileSync(file, "utf8");
  if (/^JURISDICTION = "eu"$/m.test(toml)) return;
  const bucket = toml.replace(/^(bucket_name = .*)$/gm, '$1\njurisdiction = "eu"');
  const chosen = '# Chosen at the first deploy, for good.\nJURISDICTION = "eu"\n';
  const vars = /^\[vars\]$/m.test(bucket)
    ? bucket.replace(/^\[vars\]$/m, `[vars]\n${chosen.trimEnd()}`)
    : `${bucket.trimEnd()}\n\n[vars]\n${chosen}`;
  writeFileSync(file, vars);
}
