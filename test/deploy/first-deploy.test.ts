/** The first deploy, by plain `wrangler deploy`: what is uploaded, and what that is when it runs. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readWranglerFile } from "../../tools/dev/wrangler-file.ts";
import { Account, type Worker } from "./cloudflare/account.ts";
import { type CloudflareApi, startCloudflare } from "./cloudflare/api.ts";
import { post, setUp, storesBlob, textsOf } from "./first-use.ts";
import { type Finished, type Project, copyProject } from "./project.ts";
import { type Serving, dataFolder, serve } from "./uploaded.ts";

const CODE = "only-the-deployer-has-it";
const account = new Account();
const data = dataFolder();
let api: CloudflareApi;
let project: Project;
let deployed: Finished;

beforeAll(async () => {
  api = await startCloudflare([account]);
  project = copyProject(api.url);
  deployed = await project.wrangler(["deploy"]);
});
afterAll(async () => {
  project.remove();
  data.remove();
  await api.stop();
});

const worker = (): Worker => {
  const one = account.workers.get("atoll");
  if (one === undefined) throw new Error(`nothing was deployed: ${deployed.output}`);
  return one;
};

describe("plain `wrangler deploy`, the first time", () => {
  test("succeeds, and says where the host is", () => {
    expect(deployed.output).toContain("https://atoll.acme.workers.dev");
    expect(deployed.code).toBe(0);
    expect(deployed.output).not.toContain("WARNING");
    expect(api.unknown).toEqual([]);
  });

  test("makes the two databases and the bucket, and nothing else", () => {
    expect(account.databases.map(({ name }) => name).toSorted()).toEqual([
      "atoll-appview",
      "atoll-directory",
    ]);
    expect(account.buckets).toEqual([{ name: "atoll-blobs", jurisdiction: null }]);
  });

  test("uploads what the build made, each module with its source map, and no more", () => {
    const { metadata, modules } = worker().upload;
    const built = path.join(project.folder, ".atoll/deploy");
    expect(metadata.main_module).toBe("worker.mjs");
    expect(modules.map(({ name }) => name).toSorted()).toEqual(readdirSync(built).toSorted());
    for (const { name, type, contents } of modules) {
      const kind = name.endsWith(".map") ? "source-map" : "javascript+module";
      expect(`${name} ${type}`).toBe(`${name} application/${kind}`);
      // Wrangler rewrites the paths in source maps.
      if (name.endsWith(".map")) expect(JSON.parse(contents)).toMatchObject({ version: 3 });
      else expect(contents === readFileSync(path.join(built, name), "utf8"), name).toBe(true);
    }
    const code = modules.filter(({ name }) => name.endsWith(".mjs"));
    expect(modules).toHaveLength(2 * code.length);
    const size = code.reduce((sum, { contents }) => sum + Buffer.byteLength(contents), 0);
    expect(size).toBeLessThan(3_000_000);
  });

  test("declares the bindings of wrangler.toml, by what was made for them", () => {
    const { databases, buckets, objects } = readWranglerFile();
    const bound = Object.fromEntries(worker().bindings.map(({ name, ...rest }) => [name, rest]));
    for (const { binding, name } of databases)
      expect(bound[binding]).toMatchObject({ type: "d1", id: account.database(name)?.uuid });
    for (const { binding, name } of buckets)
      expect(bound[binding]).toMatchObject({ type: "r2_bucket", bucket_name: name });
    for (const { binding, className } of objects)
      expect(bound[binding]).toMatchObject({ type: "durable_object_namespace", class_name: className });
    expect(Object.keys(bound)).toHaveLength(databases.length + buckets.length + objects.length);
  });

  test("declares each class as a SQLite object, and how its code is changed", () => {
    const { metadata } = worker().upload;
    const classes = readWranglerFile().objects.map(({ className }) => className);
    expect(metadata.exports).toEqual(
      Object.fromEntries(classes.map((name) => [name, { type: "durable-object", storage: "sqlite" }])),
    );
    expect(metadata.code_update_strategy).toEqual({ mode: "deferred", max_delay: 300 });
  });

  test("sets date, flags, schedule and sampled logs, and leaves what the dashboard has set", () => {
    const { metadata } = worker().upload;
    const { compatibility, crons } = readWranglerFile();
    expect(metadata.compatibility_date).toBe(compatibility.compatibilityDate);
    expect(metadata.compatibility_flags).toEqual(compatibility.compatibilityFlags);
    expect(metadata.compatibility_flags).toContain("global_fetch_strictly_public");
    expect(metadata.keep_bindings).toEqual(["plain_text", "json", "secret_text", "secret_key"]);
    expect(metadata.observability).toMatchObject({ enabled: true });
    expect(metadata.observability?.head_sampling_rate).toBeLessThan(1);
    expect(worker().crons).toEqual(crons);
    expect(worker().isOnWorkersDev).toBe(true);
  });

  test("leaves wrangler.toml as it was", () => {
    expect(existsSync(path.join(project.folder, "wrangler.jsonc"))).toBe(false);
    expect(readWranglerFile(path.join(project.folder, "wrangler.toml"))).toEqual(readWranglerFile());
  });
});

describe("what was uploaded, on the bare runtime", () => {
  let host: Serving;
  beforeAll(async () => {
    const put = await project.wrangler(["secret", "put", "SETUP_CODE"], {}, CODE);
    expect(put.code, put.output).toBe(0);
    host = await serve(account, "atoll", data.path);
  });
  afterAll(() => host.stop());

  test("brings its databases up to date by itself, on the first request", async () => {
    const response = await host.fetch("/xrpc/_health");
    expect(response.status).toBe(200);
    const [row] = await host.query("DIRECTORY", "SELECT count(*) AS done FROM d1_migrations");
    expect(row?.["done"]).toBeGreaterThan(0);
  });

  test("takes nobody in before it is set up, and says where that is done", async () => {
    const response = await host.fetch("/xrpc/com.atproto.server.describeServer");
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      error: "HostNotSetUp",
      message: expect.stringContaining("https://atoll.acme.workers.dev/setup"),
    });
  });

  test("is set up with its code; its owner posts, keeps a blob, and reads both", async () => {
    const anna = await setUp(host, CODE, "anna");
    expect(anna.did).toMatch(/^did:plc:/);
    expect(host.outgoing).toContain(`POST https://plc.directory/${anna.did}`);
    await post(host, anna, "First!");
    expect(await textsOf(host, anna)).toEqual(["First!"]);
    await storesBlob(host, anna);
    expect(host.errors).toEqual([]);
  });

  test("is known by its address at workers.dev", async () => {
    const response = await host.fetch("/.well-known/did.json");
    expect(await response.json()).toMatchObject({ id: "did:web:atoll.acme.workers.dev" });
  });

  test("runs both of its schedules", async () => {
    const [minute = "", five = ""] = worker().crons;
    // It lasts for most of a minute.
    const lasting = host.schedule(minute);
    lasting.catch(() => {});
    await host.schedule(five);
    expect(host.outgoing).toContain("POST https://bsky.network/xrpc/com.atproto.sync.requestCrawl");
    expect(await Promise.race([lasting.then(() => "ended"), host.fetch("/").then(() => "goes on")])).toBe(
      "goes on",
    );
  });
});
