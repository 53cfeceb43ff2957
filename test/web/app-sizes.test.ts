/** What a browser fetches beside a page of the app: a little script, a little style, and nothing else. */
import { expect, test } from "vitest";
import { fetchHost } from "../support/account-host.ts";

/** Bytes, compressed. */
const SCRIPT = 45_000;
const STYLE = 15_000;

async function compressed(path: string): Promise<number> {
  const { body } = await fetchHost(path);
  const zipped = body?.pipeThrough(new CompressionStream("gzip"));
  return (await new Response(zipped).arrayBuffer()).byteLength;
}

const total = async (paths: readonly string[]) =>
  (await Promise.all(paths.map(compressed))).reduce((sum, each) => sum + each, 0);

test("scripts of at most 45 kB and styles of at most 15 kB, compressed, no font, and nothing from elsewhere", async () => {
  const html = await (await fetchHost("/", { headers: { accept: "text/html" } })).text();
  const found = (pattern: RegExp) => [...html.matchAll(pattern)].map(([, path = ""]) => path);
  const scripts = found(/<script[^>]* src="([^"]*)"/g);
  const styles = found(/<link rel="stylesheet" href="([^"]*)"/g);
  expect([scripts.length, styles.length]).toEqual([1, 2]);
  expect([...scripts, ...styles].every((path) => /^\/(app|account)\//.test(path))).toBe(true);
  const sizes = { script: await total(scripts), style: await total(styles) };
  expect(sizes.script).toBeGreaterThan(1_000);
  expect(sizes.script).toBeLessThanOrEqual(SCRIPT);
  expect(sizes.style).toBeGreaterThan(1_000);
  expect(sizes.style).toBeLessThanOrEqual(STYLE);
  const css = await Promise.all(styles.map(async (path) => (await fetchHost(path)).text()));
  expect(css.join("")).not.toMatch(/@font-face|@import|url\((?!["']?data:)/);
});
