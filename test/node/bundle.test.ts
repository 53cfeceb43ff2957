import { readFileSync, readdirSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { type Plugin, build } from "esbuild";
import { expect, test } from "vitest";
import { ALIASES, bundle, bundleOptions, readAtStart, readBundle } from "../../tools/dev/bundle.ts";
import { oneCopy } from "../../tools/dev/one-copy.ts";
import { ROOT } from "../../tools/dev/wrangler-file.ts";
import { builtRuntime } from "../../tools/kit/runtime/build.ts";
import { importedByWorker } from "../support/runner/packages.ts";

test("a start reads neither the OAuth provider nor passkeys nor what tells files apart", async () => {
  const modules = await readBundle("worker");
  const atStart = readAtStart(modules);
  const late = modules.filter((module) => !atStart.includes(module));
  const signs = ["request_uri", "attestationObject", "application/x-xz"];
  const holds = (some: typeof modules) =>
    signs.map((sign) => some.some(({ contents }) => contents.includes(sign)));
  expect(holds(late)).toEqual([true, true, true]);
  expect(holds(atStart)).toEqual([false, false, false]);
});

test("a deploy uploads at most 600 KiB, packed, as wrangler counts it", async () => {
  const modules = await readBundle("worker");
  const packed = gzipSync(Buffer.concat(modules.map(({ contents }) => Buffer.from(contents))));
  expect(packed.length).toBeLessThan(600 * 1024);
});

test("a trace of the deployed Worker names the source's file and line", async () => {
  const { files } = await bundle(bundleOptions("src/protocol/log-line.ts"));
  const textOf = (end: string): string => files.find((file) => file.path.endsWith(end))?.text ?? "";
  const source = readFileSync(path.join(ROOT, "src/protocol/log-line.ts"), "utf8");
  const before = (text: string): string[] => {
    const [start = "", ...rest] = text.split("toISOString");
    expect(rest).toHaveLength(1);
    return start.split("\n");
  };
  const place = before(textOf(".mjs"));
  const map: SourceMapPayload = JSON.parse(textOf(".mjs.map"));
  const found = new SourceMap(map).findEntry(place.length - 1, place.at(-1)?.length ?? 0);
  expect(found).toMatchObject({
    originalSource: expect.stringMatching(/src\/protocol\/log-line\.ts$/),
    originalLine: before(source).length - 1,
  });
  expect(textOf(".mjs")).toMatch(/\n\/\/# sourceMappingURL=worker\.mjs\.map\n$/);
});

test("a bundle has one copy of each version of a package, where npm installed several", async () => {
  expect(await copiesIn([])).toBeGreaterThan(0);
  expect(await copiesIn([oneCopy])).toBe(0);
});

test("a deploy hashes passwords at full cost, whatever the test kit does", async () => {
  const kit = await kitSource();
  const deployed = await readBundle("worker");
  const holds = (text: string) => deployed.some(({ contents }) => contents.includes(text));
  expect(holds("N:16384")).toBe(true);
  expect(holds("N:2,")).toBe(false);
  expect(kit).toContain("N:2,");
  expect(kit).not.toContain("N:16384");
});

test("package.json has as dependencies exactly what the Worker imports", async () => {
  const imported = await importedByWorker(["src/worker.ts", ...Object.values(ALIASES)]);
  const packages = new Set(imported.map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0]));
  const manifest: { dependencies: object } = JSON.parse(
    readFileSync(path.join(ROOT, "package.json"), "utf8"),
  );
  expect(new Set(Object.keys(manifest.dependencies))).toEqual(packages);
});

async function kitSource(): Promise<string> {
  const folder = await builtRuntime();
  const files = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  return files.map((name) => readFileSync(path.join(folder, name), "utf8")).join("\n");
}

/** Copies of `@atproto/syntax` beyond one of each version, in a bundle of two packages that use it. */
async function copiesIn(plugins: Plugin[]): Promise<number> {
  const { metafile } = await build({
    ...bundleOptions("", "two"),
    entryPoints: ["@atproto/lex-document", "@atproto/oauth-provider/provider"],
    outdir: path.join(ROOT, ".atoll/never-written"),
    minify: false,
    sourcemap: false,
    write: false,
    metafile: true,
    plugins: [...(bundleOptions("").plugins ?? []).filter(({ name }) => name !== "one-copy"), ...plugins],
  });
  const folders = Object.keys(metafile.inputs).flatMap(
    (file) => /^(.*node_modules\/@atproto\/syntax)\//.exec(file)?.[1] ?? [],
  );
  const versions = [...new Set(folders)].map((folder): string => {
    const manifest: { version: string } = JSON.parse(
      readFileSync(path.join(ROOT, folder, "package.json"), "utf8"),
    );
    return manifest.version;
  });
  return versions.length - new Set(versions).size;
}
