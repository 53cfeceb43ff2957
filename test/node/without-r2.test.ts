/** wrangler.toml without R2, and with it again. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { withBuckets, withoutBuckets } from "../../tools/dev/deploy/bucket.ts";
import { ROOT } from "../../tools/dev/wrangler-file.ts";

const toml = readFileSync(path.join(ROOT, "wrangler.toml"), "utf8");

test("nothing but the bucket goes, and it comes back as it was", () => {
  const without = withoutBuckets(toml);
  const { r2_buckets: gone, ...rest } = parse(toml);
  expect(gone).toEqual([{ binding: "BLOBS", bucket_name: "atoll-blobs" }]);
  expect(parse(without)).toEqual(rest);
  expect(withoutBuckets(without)).toBe(without);
  expect(withBuckets(without)).toBe(toml);
  expect(withBuckets(toml)).toBe(toml);
});

test("of a host in the EU, it comes back there", () => {
  const without = `${withoutBuckets(toml).trimEnd()}\n\n[vars]\nJURISDICTION = "eu"\n`;
  expect(parse(withBuckets(without))["r2_buckets"]).toEqual([
    { binding: "BLOBS", bucket_name: "atoll-blobs", jurisdiction: "eu" },
  ]);
});
