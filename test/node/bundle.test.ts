import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readAtStart, readBundle } from "../../tools/dev/bundle.ts";

test("a start reads neither the OAuth provider nor passkeys nor what tells files apart", async () => {
  const modules = await readBundle("worker");
  const atStart = readAtStart(modules);
  const late = modules.filter((module) => !atStart.includes(module));
  const signs = ["request_uri", "attestationObject", "application/x-xz"];
  const holds = (some: typeof modules) =>
    signs.map((sign) => some.some(({ contents }) => contents.includes(sign)));
  expect(holds(late)).toEqual([true, true, true]);
  expect(holds(atStart)).toEqual([false, false, false]);
  const size = modules.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
  expect(size).toBeLessThan(1_000_000);
});
