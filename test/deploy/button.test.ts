/**
 * The deploy button: Cloudflare copies the repository, makes the stores, writes their ids into wrangler.toml,
 * sets the secrets of its form, and runs `npm run build` and `npm run deploy` with a token that has no right to
 * D1. What its form shows is in package.json and `.dev.vars.example`.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { SETTINGS, SETTING_NAMES } from "../../src/protocol/settings/list.ts";
import { ROOT, readWranglerFile } from "../../tools/dev/wrangler-file.ts";
import { buttonFor, faultOfButton } from "../../tools/dev/deploy/button.ts";
import { STORES, namesOf, setStage, writeIds } from "./stage.ts";

const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");

interface Manifest {
  repository?: { url: string };
  cloudflare: { bindings: Record<string, { description: string }> };
}

const manifest = JSON.parse(read("package.json")) as Manifest;

/** What a build of Cloudflare's has in its environment. */
const BUILD = { WORKERS_CI: "1", CI: "true" };

describe("what the button's form shows", () => {
  test("a description for each binding, optional ones too, and for each secret", () => {
    const { databases, buckets, objects } = readWranglerFile();
    const bound = [...databases, ...buckets, ...objects].map(({ binding }) => binding);
    const optional = [...read("wrangler.toml").matchAll(/^# (?:name|binding) = "([A-Z]+)"$/gm)].map(
      ([, name = ""]) => name,
    );
    expect(optional).toEqual(["EMAIL", "IMAGES"]);
    const secrets = SETTING_NAMES.filter((name) => SETTINGS[name].secret);
    expect(Object.keys(manifest.cloudflare.bindings).toSorted()).toEqual(
      [...bound, ...optional, ...secrets].toSorted(),
    );
    for (const { description } of Object.values(manifest.cloudflare.bindings))
      expect(description).toMatch(/^[A-Z].{20,}\.$/);
  });

  test("asks for the set-up code alone, and offers no value that works", () => {
    const lines = read(".dev.vars.example").split("\n");
    expect(lines.filter((line) => /^[A-Z]/.test(line))).toEqual(["SETUP_CODE="]);
    const named = lines.flatMap((line) => /^#?([A-Z][A-Z0-9_]+)=(.*)$/.exec(line)?.slice(1) ?? []);
    const secrets = SETTING_NAMES.filter((name) => SETTINGS[name].secret);
    expect(named.filter((_, index) => index % 2 === 0).toSorted()).toEqual(secrets.toSorted());
    expect(named.filter((_, index) => index % 2 === 1 && named[index] !== "")).toEqual([]);
  });

  test("every store has a name, and an id that is the button's to fill in", () => {
    const { databases, buckets } = readWranglerFile();
    expect(databases.map(({ name, id }) => [name, id])).toEqual([
      ["atoll-directory", null],
      ["atoll-appview", null],
    ]);
    expect(read("wrangler.toml").match(/^database_id = ""$/gm)).toHaveLength(2);
    expect(buckets.map(({ name }) => name)).toEqual(["atoll-blobs"]);
  });

  test("the README's button leads to the repository that package.json names, or there is none", () => {
    expect(faultOfButton(manifest, read("README.md"))).toBeNull();
    const ours = { repository: { url: "git+https://github.com/reef/atoll.git" } };
    const button = buttonFor(ours) ?? "";
    expect(button).toContain("?url=https://github.com/reef/atoll)");
    expect(faultOfButton(ours, `# Atoll\n${button}\n`)).toBeNull();
    expect(faultOfButton(ours, "# Atoll\n")).toContain(button);
    const strangers = button.replace("reef", "stranger");
    expect(faultOfButton(ours, strangers)).toContain(button);
    expect(faultOfButton(ours, `${button}\n${strangers}`)).toContain(button);
    expect(faultOfButton({}, strangers)).toContain("names no `repository.url`");
  });
});

describe("what the button runs", () => {
  test("deploys with the ids that it wrote, and without a right to D1", async () => {
    await using stage = await setStage({ rights: ["r2", "scripts"] });
    for (const { name } of readWranglerFile().databases) stage.account.addDatabase(name);
    stage.account.buckets.push({ name: "atoll-blobs", jurisdiction: null });
    writeIds(stage);
    const begun = performance.now();
    const built = await stage.project.npm("build");
    expect(built.code, built.output).toBe(0);
    expect(performance.now() - begun).toBeLessThan(30_000);
    const deployed = await stage.project.deploy([], BUILD);
    expect(deployed.code, deployed.output).toBe(0);
    expect(stage.api.calls.filter((call) => call.includes("/d1/"))).toEqual([]);
    expect(namesOf(stage)).toEqual(STORES);
    // The secret of the form, which is set beside the build; the next push keeps it.
    stage.worker().bindings.push({ name: "SETUP_CODE", type: "secret_text", text: "of-the-form-1234" });
    const pushed = await stage.project.deploy([], BUILD);
    expect(pushed.code, pushed.output).toBe(0);
    expect(stage.worker().bindings).toContainEqual(expect.objectContaining({ text: "of-the-form-1234" }));
  });

  test.each([
    ["without ids and without a right to D1", ["r2", "scripts"], true, "add Account · D1 · Edit"],
    ["without R2", ["d1", "r2", "scripts"], false, "R2 is not enabled in this account"],
  ] as const)("%s, the build's log says what to do", async (_, rights, hasR2, words) => {
    await using stage = await setStage({ rights, hasR2 });
    const { code, output } = await stage.project.deploy([], BUILD);
    expect(code).toBe(1);
    expect(output).toContain(words);
    expect(stage.account.workers.size).toBe(0);
  });

  test("with a right to D1, missing ids do no harm", async () => {
    await using stage = await setStage();
    const { code, output } = await stage.project.deploy([], BUILD);
    expect(code, output).toBe(0);
    expect(namesOf(stage)).toEqual(STORES);
  });
});
