/**
 * The choice to do without R2, which wrangler.toml keeps: its buckets are there as comments, so that they come back
 * as they were. Each later deploy has to say the same.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { LaunchError } from "../ports.ts";
import { ROOT, readWranglerFile } from "../wrangler-file.ts";

const MARK = "# Without R2 (npm run deploy -- --with-r2 brings it back):";

/** A table of buckets, up to the next empty line. */
const TABLE = /^\[\[r2_buckets\]\]\n(?:.+\n)*/gm;

export const withoutBuckets = (toml: string): string =>
  toml.replace(TABLE, (table) => `${MARK}\n${table.replace(/^/gm, "# ").replace(/# $/, "")}`);

export const withBuckets = (toml: string): string =>
  toml.replace(new RegExp(`^${MARK.replace(/[()]/g, "\\$&")}\\n((?:# .+\\n)+)`, "gm"), (_, table: string) => {
    const back = table.replace(/^# /gm, "");
    const isInEu = /^JURISDICTION = "eu"$/m.test(toml) && !/^jurisdiction = /m.test(back);
    return isInEu ? back.replace(/^(bucket_name = .*)$/m, '$1\njurisdiction = "eu"') : back;
  });

/** Writes the choice into wrangler.toml. Throws a `LaunchError` if there is no choice there to write. */
export function keepBuckets(wanted: boolean, file = path.join(ROOT, "wrangler.toml")): void {
  const toml = readFileSync(file, "utf8");
  writeFileSync(file, wanted ? withBuckets(toml) : withoutBuckets(toml));
  if (readWranglerFile(file).buckets.length > 0 === wanted) return;
  writeFileSync(file, toml);
  throw new LaunchError(
    wanted
      ? "wrangler.toml names no R2 bucket. Put one there, with the binding BLOBS."
      : "The R2 buckets of wrangler.toml could not be left out. Delete their tables there.",
  );
}

/** Of a host that has pictures in R2, it must not go: they could not be read any more. */
export const R2_IN_USE =
  "This host has its pictures in R2 already, and without the bucket they could not be seen. Nothing was changed.";
