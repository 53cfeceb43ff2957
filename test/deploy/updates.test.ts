/** Updates of a host that people live on, with migrations: what they keep, and what half an update does. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Worker } from "./cloudflare/account.ts";
import { Browser, post, setUp, signIn, textsOf } from "./first-use.ts";
import { type Stage, setStage } from "./stage.ts";
import { type Serving, dataFolder, serve } from "./uploaded.ts";

const CODE = "only-the-deployer-has-it";
const data = dataFolder();
let stage: Stage;
/** The host's first version, as it was deployed. */
let first: Worker;

beforeAll(async () => {
  stage = await setStage();
  const { project } = stage;
  await project.wrangler(["deploy"]);
  await project.wrangler(["secret", "put", "SETUP_CODE"], {}, CODE);
  first = { ...stage.worker() };
  await serving(async (host) => {
    await post(host, await setUp(host, CODE, "anna"), "Before");
  });
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  data.remove();
});

async function serving(story: (host: Serving) => Promise<void>): Promise<void> {
  const host = await serve(stage.account, "atoll", data.path);
  try {
    await story(host);
  } finally {
    await host.stop();
  }
}

/** Gives the next version one migration more. */
function addMigration(name: string, sql: string): void {
  const { project } = stage;
  project.write(`migrations/directory/${name}.sql`, sql);
  project.edit("schema/migrations.ts", (text) =>
    `import later from "../migrations/directory/${name}.sql";\n${text}`.replace(
      /(DIRECTORY_MIGRATIONS[^;]*)\];/,
      `$1  { name: "${name}.sql", sql: later },\n];`,
    ),
  );
}

async function assertRefused(host: Serving, words: RegExp): Promise<void> {
  for (const path of ["/xrpc/_health", "/status", "/xrpc/com.atproto.server.describeServer"]) {
    const response = await host.fetch(path);
    expect(response.status, path).toBe(503);
    expect(response.headers.get("retry-after"), path).toBe("5");
    expect((await response.json()) as object).toMatchObject({
      error: "DatabasesNotReady",
      message: expect.stringMatching(words),
    });
  }
  const browser = new Browser(host);
  for (const path of ["/", "/status", "/account"]) expect(await browser.get(path)).toMatch(words);
}

test("one that fails serves nothing, says which and why, and leaves the data as it was", async () => {
  addMigration("9001_broken", "CREATE TABLE half (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);");
  const { code, output } = await stage.project.wrangler(["deploy"]);
  expect(code, output).toBe(0);
  await serving(async (host) => {
    await assertRefused(host, /9001_broken\.sql could not be applied: .*nowhere/);
    const half = await host.query("DIRECTORY", "SELECT 1 FROM sqlite_schema WHERE name = 'half'");
    expect(half).toEqual([]);
  });
  stage.account.workers.set("atoll", first);
  await serving(async (host) => expect(await textsOf(host, await signIn(host, "anna"))).toEqual(["Before"]));
});

test("with migrations: members find everything, and post on", async () => {
  stage.project.edit("schema/migrations.ts", (text) => text.replaceAll("9001_broken", "9001_later"));
  stage.project.write("migrations/directory/9001_later.sql", "CREATE TABLE later (x INTEGER) STRICT;");
  const { code, output } = await stage.project.wrangler(["deploy"]);
  expect(code, output).toBe(0);
  await serving(async (host) => {
    const anna = await signIn(host, "anna");
    await post(host, anna, "After");
    expect(await textsOf(host, anna)).toEqual(["After", "Before"]);
    const [row] = await host.query("DIRECTORY", "SELECT name FROM d1_migrations ORDER BY id DESC LIMIT 1");
    expect(row?.["name"]).toBe("9001_later.sql");
    expect(host.errors).toEqual([]);
  });
});

test("undone: the older Worker refuses the newer database in words, and harms nothing", async () => {
  const second = stage.worker();
  stage.account.workers.set("atoll", first);
  await serving((host) => assertRefused(host, /newer version than this Worker \(9001_later\.sql\)/));
  stage.account.workers.set("atoll", second);
  await serving(async (host) => expect(await textsOf(host, await signIn(host, "anna"))).toHaveLength(2));
});
