/** `npm run deploy`: what it looks at, what it says, and what it leaves to the owner. */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { AccountOptions, Worker } from "./cloudflare/account.ts";
import { STORES, namesOf, setStage, writeIds } from "./stage.ts";

/** Arguments, and what the shell has. */
type Naming = [string[], Record<string, string>];

/** A Worker that somebody else's project has put there. */
const stranger = (): Worker => ({
  tag: "stranger",
  upload: {
    metadata: {
      main_module: "index.js",
      bindings: [],
      compatibility_date: "2026-01-01",
      compatibility_flags: [],
      exports: {},
      keep_bindings: [],
    },
    modules: [],
  },
  bindings: [{ name: "KV", type: "kv_namespace" }],
  versions: [randomUUID()],
  crons: [],
  isOnWorkersDev: true,
});

describe("the first time, and again", () => {
  test("makes the stores, deploys, and ends with the address of /setup and its code", async () => {
    await using stage = await setStage();
    const first = await stage.project.deploy(["--location", "weur"]);
    expect(first.code, first.output).toBe(0);
    expect(namesOf(stage)).toEqual(STORES);
    expect(stage.account.databases.map((database) => database.primary_location_hint)).toEqual([
      "weur",
      "weur",
    ]);
    const code = codeOf(stage.worker());
    expect(code).toMatch(/^([a-z1-9]{5}-){3}[a-z1-9]{5}$/);
    const ending = first.output.slice(-300);
    expect(ending).toContain("https://atoll.acme.workers.dev/setup");
    expect(ending).toContain(`the code ${code}`);
    expect(stage.api.unknown).toEqual([]);

    const again = await stage.project.deploy();
    expect(again.code, again.output).toBe(0);
    expect(namesOf(stage)).toEqual(STORES);
    expect(codeOf(stage.worker())).toBe(code);
    expect(again.output).not.toContain(code);
    expect(again.output).toContain("--new-code");
    // It may have been set up long ago.
    expect(again.output).toContain("Your host is at https://atoll.acme.workers.dev");
    expect(again.output).not.toContain("It takes nobody in");

    const renewed = await stage.project.deploy(["--new-code"]);
    expect(renewed.code, renewed.output).toBe(0);
    expect(codeOf(stage.worker())).not.toBe(code);
    expect(renewed.output).toContain(codeOf(stage.worker()));
  });

  test("keeps what the dashboard and `wrangler secret put` have set", async () => {
    await using stage = await setStage();
    await stage.project.wrangler(["deploy"]);
    const set = [
      { name: "HOST_NAME", type: "plain_text", text: "Lagoon" },
      { name: "RESEND_API_KEY", type: "secret_text", text: "re_1" },
    ];
    stage.worker().bindings.push(...set);
    const again = await stage.project.wrangler(["deploy"]);
    expect(again.code, again.output).toBe(0);
    expect(stage.worker().bindings).toEqual(expect.arrayContaining(set));
    expect(stage.worker().versions).toHaveLength(2);
    expect(namesOf(stage)).toEqual(STORES);
  });

  test("--dry-run touches no account", async () => {
    await using stage = await setStage();
    const { code, output } = await stage.project.deploy(["--dry-run"]);
    expect(code, output).toBe(0);
    expect(output).toContain("atoll-directory, atoll-appview, atoll-blobs");
    expect(stage.api.calls).toEqual([]);
  });

  test("what does not build stops before anything is touched", async () => {
    await using stage = await setStage();
    stage.project.edit("src/worker.ts", (text) => `${text}\nimport "./nothing.ts";\n`);
    const { code, output } = await stage.project.deploy();
    expect(code).toBe(1);
    expect(output).toContain("The Worker does not build.");
    expect(output).toContain("nothing.ts");
    expect(stage.api.calls).toEqual([]);
  });
});

describe("without R2", () => {
  test("an account that has none deploys all the same, and takes the bucket later", async () => {
    await using stage = await setStage({ hasR2: false });
    const refused = await stage.project.deploy();
    expect(refused.output).toContain("npm run deploy -- --without-r2");
    const first = await stage.project.deploy(["--without-r2"]);
    expect(first.code, first.output).toBe(0);
    const bound = () => stage.worker().bindings.map(({ name }) => name);
    expect(bound()).not.toContain("BLOBS");
    const again = await stage.project.deploy();
    expect(again.code, again.output).toBe(0);
    stage.account.hasR2 = true;
    const later = await stage.project.deploy(["--with-r2"]);
    expect(later.code, later.output).toBe(0);
    expect(bound()).toContain("BLOBS");
    const back = await stage.project.deploy(["--without-r2"]);
    expect(back.code).toBe(1);
    expect(back.output).toContain("has its pictures in R2 already");
  });
});

describe("in the EU", () => {
  test("--eu makes everything there, writes it down, and later deploys keep to it", async () => {
    await using stage = await setStage();
    const first = await stage.project.deploy(["--eu"]);
    expect(first.code, first.output).toBe(0);
    const assertThere = () => {
      expect(stage.account.databases.map(({ jurisdiction }) => jurisdiction)).toEqual(["eu", "eu"]);
      expect(stage.account.buckets).toEqual([{ name: "atoll-blobs", jurisdiction: "eu" }]);
      const bound = stage.worker().bindings;
      expect(bound).toContainEqual(expect.objectContaining({ name: "BLOBS", jurisdiction: "eu" }));
      expect(bound).toContainEqual(expect.objectContaining({ name: "JURISDICTION", text: "eu" }));
    };
    assertThere();
    const again = await stage.project.deploy();
    expect(again.code, again.output).toBe(0);
    assertThere();
  });

  test("is refused for a host that lives elsewhere", async () => {
    await using stage = await setStage();
    await stage.project.deploy();
    const { code, output } = await stage.project.deploy(["--eu"]);
    expect(code).toBe(1);
    expect(output).toContain("deployed without --eu");
    expect(stage.account.buckets).toEqual([{ name: "atoll-blobs", jurisdiction: null }]);
  });
});

describe("several accounts", () => {
  test("nobody who can be asked: lists them, and touches none", async () => {
    await using stage = await setStage({ name: "Reef" }, { name: "Agency" });
    const { code, output } = await stage.project.deploy();
    expect(code).toBe(1);
    expect(output).toContain("several accounts");
    expect(output).toContain(`${stage.account.id}  Reef`);
    expect(output).toContain("--account");
    expect(stage.api.calls).toEqual(["GET /accounts"]);
  });

  test.each([
    ["--account with its name", (): Naming => [["--account", "Reef"], {}]],
    ["CLOUDFLARE_ACCOUNT_ID", (id: string): Naming => [[], { CLOUDFLARE_ACCOUNT_ID: id }]],
  ])("%s chooses one", async (_, naming) => {
    await using stage = await setStage({ name: "Reef" }, { name: "Agency" });
    const { code, output } = await stage.project.deploy(...naming(stage.account.id));
    expect(code, output).toBe(0);
    expect(namesOf(stage)).toEqual(STORES);
    expect(stage.worker().isOnWorkersDev).toBe(true);
  });

  test("an account that there is not is refused by name", async () => {
    await using stage = await setStage({ name: "Reef" }, { name: "Agency" });
    const { code, output } = await stage.project.deploy(["--account", "Reaf"]);
    expect(code).toBe(1);
    expect(output).toContain('There is no account "Reaf".');
  });
});

describe("what only the owner can mend", () => {
  test.each<[string, AccountOptions, string]>([
    ["R2 is not enabled", { hasR2: false }, "R2 is not enabled in this account"],
    ["the token may not see D1", { rights: ["r2", "scripts"] }, "add Account · D1 · Edit"],
    ["the token may not see R2", { rights: ["d1", "scripts"] }, "add Account · Workers R2 Storage · Edit"],
    ["the token may not deploy", { rights: ["d1", "r2"] }, "add Account · Workers Scripts · Edit"],
    ["the account has no name at workers.dev", { subdomain: null }, "/workers/onboarding"],
  ])("%s: says so, and has made nothing", async (_, options, words) => {
    await using stage = await setStage(options);
    const { code, output } = await stage.project.deploy();
    expect(code).toBe(1);
    expect(output).toContain(words);
    expect(namesOf(stage)).toEqual({ databases: [], buckets: [] });
    expect(stage.account.workers.size).toBe(0);
    expect(output).not.toContain("    at ");
  });

  test("a Worker of that name that is another project's is not replaced", async () => {
    await using stage = await setStage();
    const theirs = stranger();
    stage.account.workers.set("atoll", theirs);
    const { code, output } = await stage.project.deploy();
    expect(code).toBe(1);
    expect(output).toContain("it is not this host");
    expect(stage.worker()).toBe(theirs);
    expect(namesOf(stage)).toEqual({ databases: [], buckets: [] });
    stage.project.edit("wrangler.toml", (toml) => toml.replace('name = "atoll"', 'name = "lagoon"'));
    expect((await stage.project.deploy()).code).toBe(0);
    expect(stage.worker("lagoon").isOnWorkersDev).toBe(true);
  });

  test("a sign-in that Cloudflare does not take is no stack trace", async () => {
    await using stage = await setStage();
    const { code, output } = await stage.project.deploy([], { CLOUDFLARE_API_TOKEN: "expired" });
    expect(code).toBe(1);
    expect(output).toContain("Cloudflare does not take the sign-in");
    expect(output).not.toContain("    at ");
  });

  test("nobody is signed in", async () => {
    await using stage = await setStage();
    const { code, output } = await stage.project.deploy([], { CLOUDFLARE_API_TOKEN: "" });
    expect(code).toBe(1);
    expect(output).toContain("npx wrangler login");
  });

  test("a token that lost D1: the ids to put into wrangler.toml, and with them it deploys", async () => {
    await using stage = await setStage();
    await stage.project.wrangler(["deploy"]);
    stage.account.rights = new Set(["r2", "scripts"]);
    const refused = await stage.project.deploy();
    expect(refused.code).toBe(1);
    for (const { uuid } of stage.account.databases)
      expect(refused.output).toContain(`database_id = "${uuid}"`);
    writeIds(stage);
    const mended = await stage.project.deploy();
    expect(mended.code, mended.output).toBe(0);
    expect(stage.worker().versions).toHaveLength(2);
  });
});

const codeOf = ({ bindings }: Worker) => bindings.find(({ name }) => name === "SETUP_CODE")?.text ?? "";
