/** Backups: what is in them, what is not, and what a later one adds. */
import { beforeEach, expect, test } from "vitest";
import type { Secrets } from "../../src/lifecycle/backup/format.ts";
import { readRuns } from "../../src/lifecycle/backup/progress.ts";
import { backUp } from "../../src/lifecycle/backup/run.ts";
import { R2Store } from "../../src/lifecycle/backup/store.ts";
import { KEPT_TABLES, LEFT_OUT } from "../../src/lifecycle/backup/tables.ts";
import { configure } from "../../src/protocol/settings/configured.ts";
import { type Member, asAdmin, bindings, join, post, xrpc } from "../support/account-host.ts";
import { checkRepo } from "../support/account.ts";
import { countDatabase } from "../../src/appview/counted-database.ts";
import { type OwnerKey, backUpNow, finish, newOwnerKey, readRun } from "../support/backups.ts";
import { cutting } from "../support/cuts.ts";

let owner: OwnerKey;
let env: typeof bindings;

beforeEach(async () => {
  owner = await newOwnerKey();
  env = withBackups({});
  await bindings.DIRECTORY.batch(
    ["backup_run", "backup_account", "account"].map((table) =>
      bindings.DIRECTORY.prepare(`DELETE FROM ${table}`),
    ),
  );
  await emptyStore();
});

const withBackups = (more: Record<string, string>) =>
  configure({ ...bindings, BACKUP_KEY: owner.publicKey, ...more }).bindings;

async function allFiles(): Promise<string[]> {
  const { files } = await new R2Store(bindings.BLOBS).list("", "");
  return files.map(({ key }) => key);
}

const emptyStore = async () => new R2Store(bindings.BLOBS).delete(await allFiles());

async function write(member: Member, text: string): Promise<string> {
  const record = { $type: "app.bsky.feed.post", text, createdAt: new Date().toISOString() };
  const { status, body } = await xrpc("com.atproto.repo.createRecord", {
    auth: member.auth,
    input: { repo: member.did, collection: "app.bsky.feed.post", record },
  });
  expect(status).toBe(200);
  return String(body.uri);
}

const account = (did: Member["did"]) => bindings.ACCOUNT.getByName(did);

/** Compares the kept archive with the repo as it is. */
async function expectWhole(run: string, member: Member): Promise<Map<string, unknown>> {
  const backup = await readRun(env, run);
  const kept = await checkRepo(
    await backup.archive(member.did),
    member.did,
    await account(member.did).signingKey(),
  );
  return kept.records;
}

test("every table is kept or left out", async () => {
  const { results } = await bindings.DIRECTORY.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name <> 'd1_migrations'",
  ).all<{ name: string }>();
  const named = [...Object.keys(KEPT_TABLES), ...Object.keys(LEFT_OUT)];
  expect(named.toSorted()).toEqual(results.map(({ name }) => name).toSorted());
  for (const [name, { key, sealed = [] }] of Object.entries(KEPT_TABLES)) {
    const { results: columns } = await bindings.DIRECTORY.prepare("SELECT name, pk FROM pragma_table_info(?)")
      .bind(name)
      .all<{ name: string; pk: number }>();
    const keys = columns.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
    expect(
      keys.map((column) => column.name),
      name,
    ).toEqual(key);
    for (const column of sealed) expect(columns.map((each) => each.name)).toContain(column);
  }
});

test("without an owner's key nothing is kept", async () => {
  await join();
  await backUp(bindings);
  expect(await readRuns(bindings.DIRECTORY, 1)).toEqual([]);
  expect(await allFiles()).toEqual([]);
});

test("a run keeps repos, lists, tables, and secrets that only the owner opens", async () => {
  const [alice, bob] = [await join(), await join()];
  await write(alice, "kept");
  const { body } = await xrpc("com.atproto.server.createAppPassword", {
    auth: alice.auth,
    input: { name: "an app" },
  });
  await xrpc("app.bsky.graph.muteActor", { auth: alice.auth, input: { actor: bob.did } });
  await asAdmin("internal.atoll.admin.grantRole", { input: { did: alice.did, role: "owner" } });
  const run = await backUpNow(env);

  const backup = await readRun(env, run);
  expect(backup.manifest).toMatchObject({ format: 1, run, key: owner.publicKey, failed: [], blobs: false });
  expect([...backup.accounts.keys()].toSorted()).toEqual([alice.did, bob.did].toSorted());
  const records = await expectWhole(run, alice);
  expect([...records.values()]).toContainEqual(expect.objectContaining({ text: "kept" }));
  expect(await backup.rows("actor_mute")).toContainEqual(
    expect.objectContaining({ did: alice.did, subject_did: bob.did }),
  );
  expect(await backup.rows("role")).toContainEqual(expect.objectContaining({ did: alice.did }));
  expect((await backup.rows("account")).length).toBe(2);

  const [first, ...rest] = await backup.lines(alice.did);
  const revs = rest.flatMap((line) => ("rev" in line ? [line["rev"]] : []));
  expect(revs).toContainEqual([expect.stringMatching(/^app\.bsky\.feed\.post\//), expect.any(String)]);
  const secrets = JSON.parse(await owner.open(first?.["sealed"] ?? "", `account ${alice.did}`)) as Secrets;
  const key = Buffer.from(await account(alice.did).exportKey()).toString("hex");
  expect(secrets).toMatchObject({ signingKey: key, appPasswords: [{ name: "an app", privileged: false }] });
  expect(secrets.password).toMatch(/^scrypt\$/);

  const hostSecrets = await backup.rows("secret");
  const stored = await bindings.DIRECTORY.prepare("SELECT name, value FROM secret").all<{
    name: string;
    value: string;
  }>();
  expect(stored.results.length).toBeGreaterThan(0);
  for (const { name, value } of stored.results) {
    const row = hostSecrets.find((each) => each["name"] === name) as { value: { sealed: string } };
    expect(await owner.open(row.value.sealed, `secret.value ${name}`)).toBe(value);
  }
  const hidden = [
    key,
    secrets.password ?? "",
    String(body.password),
    ...stored.results.map(({ value }) => value),
  ];
  for (const name of await allFiles()) {
    const text = Buffer.from(
      await new Response((await new R2Store(bindings.BLOBS).get(name))?.stream).arrayBuffer(),
    ).toString("latin1");
    for (const secret of hidden) expect(text.includes(secret), name).toBe(false);
    expect(text.includes(Buffer.from(key, "hex").toString("latin1")), name).toBe(false);
  }
});

test("the community's picture is kept, and comes back", async () => {
  const png = Buffer.from("89504e470d0a1a0a00", "hex");
  await bindings.BLOBS.put("host/logo/0123456789abcdef0123456789abcdef.png", png);
  env = withBackups({ HOST_LOGO: "0123456789abcdef0123456789abcdef.png" });
  const run = await backUpNow(env);
  const { logo = null } = (await readRun(env, run)).manifest;
  expect(logo?.key).toBe(`runs/${run}/logo/0123456789abcdef0123456789abcdef.png`);
  const found = await new R2Store(bindings.BLOBS).get(logo?.key ?? "");
  expect(Buffer.from(await new Response(found?.stream).arrayBuffer())).toEqual(png);

  const before = {
    origin: "https://old.example",
    did: "did:web:old.example",
    formerOrigins: [],
    handleDomains: [".test"],
    version: [],
  };
  const restored = (picture: Buffer) =>
    asAdmin("internal.atoll.backup.restoreHost", {
      input: { secrets: {}, settings: {}, before, logo: picture.toString("base64") },
    });
  expect((await restored(Buffer.from("no picture"))).status).toBe(400);
  expect((await restored(png)).status).toBe(200);
  const { objects } = await bindings.BLOBS.list({ prefix: "host/logo/" });
  expect(objects.length).toBe(2);
  await bindings.BLOBS.delete(objects.map(({ key }) => key));
  await bindings.DIRECTORY.prepare("DELETE FROM host_settings").run();
});

test("sealed texts open in their own context only, and not once they are changed", async () => {
  const alice = await join();
  const backup = await readRun(env, await backUpNow(env));
  const [first] = await backup.lines(alice.did);
  const sealed: string = first?.["sealed"] ?? "";
  await expect(owner.open(sealed, "account did:plc:somebody")).rejects.toThrow();
  await expect((await newOwnerKey()).open(sealed, `account ${alice.did}`)).rejects.toThrow();
  const changed = Buffer.from(sealed, "base64url");
  changed[100] = (changed[100] ?? 0) ^ 1;
  await expect(owner.open(changed.toString("base64url"), `account ${alice.did}`)).rejects.toThrow();
});

test("a later run visits who has changed, and adds what they wrote", async () => {
  const [alice, bob, carol] = [await join(), await join(), await join()];
  for (let n = 0; n < 30; n++) await write(alice, `before ${n}`);
  const first = await backUpNow(env);
  const gone = await write(alice, "to be deleted");
  const kept = await write(alice, "after");
  await xrpc("com.atproto.repo.deleteRecord", {
    auth: alice.auth,
    input: { repo: alice.did, collection: "app.bsky.feed.post", rkey: gone.split("/").at(-1) },
  });
  await xrpc("app.bsky.actor.putPreferences", {
    auth: bob.auth,
    input: { preferences: [{ $type: "app.bsky.actor.defs#adultContentPref", enabled: true }] },
  });
  const second = await backUpNow(env);

  const backup = await readRun(env, second);
  const visits = (did: string) =>
    backup.accounts.get(did)?.visits.map(({ run, since, car }) => [run, since === null, car === null]);
  expect(visits(alice.did)).toEqual([
    [first, true, false],
    [second, false, false],
  ]);
  expect(visits(bob.did)).toEqual([
    [first, true, false],
    [second, false, true],
  ]);
  expect(visits(carol.did)).toEqual([[first, true, false]]);
  const records = await expectWhole(second, alice);
  expect(records.size).toBe(31);
  expect([...records.keys()]).toContain(kept.split("/").slice(3).join("/"));
  expect((await expectWhole(first, alice)).size).toBe(30);
  const last = (await backup.lines(bob.did)).findLast((line) => "account" in line);
  expect(last?.["account"]).toMatchObject({
    preferences: [{ namespace: "app.bsky", value: expect.stringContaining("adultContentPref") as unknown }],
  });
  const sizes = backup.accounts.get(alice.did)?.visits.map(({ car }) => car?.bytes ?? 0) ?? [];
  expect(sizes[1]).toBeLessThan((sizes[0] ?? 0) / 2);
  const third = await backUpNow(env);
  const [{ progress } = { progress: null }] = await readRuns(bindings.DIRECTORY, 1);
  expect(progress).toMatchObject({ visited: 0, accounts: 3 });
  expect((await expectWhole(third, alice)).size).toBe(31);
});

test("another key or another place begins with everything anew", async () => {
  const alice = await join();
  await backUpNow(env);
  const before = owner;
  owner = await newOwnerKey();
  env = withBackups({});
  const run = await backUpNow(env);
  const backup = await readRun(env, run);
  expect(backup.accounts.get(alice.did)?.visits).toMatchObject([{ run, since: null }]);
  const [first] = await backup.lines(alice.did);
  await expect(before.open(first?.["sealed"] ?? "", `account ${alice.did}`)).rejects.toThrow();
  await expect(owner.open(first?.["sealed"] ?? "", `account ${alice.did}`)).resolves.toContain("signingKey");
});

test("old runs make way, with what only they needed, and the others stay whole", async () => {
  env = withBackups({ BACKUP_KEEP: "2" });
  const [alice, bob] = [await join(), await join()];
  const runs: string[] = [];
  for (let n = 0; n < 19; n++) {
    await write(alice, `post ${n}`);
    if (n === 2) await post("com.atproto.server.deactivateAccount", { auth: bob.auth, input: {} });
    if (n === 3) await asAdmin("com.atproto.admin.deleteAccount", { input: { did: bob.did } });
    runs.push(await backUpNow(env));
  }
  const kept = await readRuns(bindings.DIRECTORY, 50);
  expect(kept.map(({ id }) => id)).toEqual(runs.slice(-2).toReversed());
  for (const [n, run] of [...runs.entries()].slice(-2)) {
    expect((await expectWhole(run, alice)).size).toBe(n + 1);
  }
  const files = await allFiles();
  expect(files.filter((key) => key.includes(bob.did))).toEqual([]);
  expect(new Set(files.filter((key) => key.startsWith("runs/")).map((key) => key.split("/")[1]))).toEqual(
    new Set(runs.slice(-2)),
  );
  const cars = files.filter((key) => key.startsWith(`accounts/${alice.did}/`) && key.endsWith(".car"));
  expect(cars.filter((key) => key.endsWith(".full.car")).length).toBe(1);
  expect(cars.length).toBeLessThan(6);
});

test("an account that cannot be read is named, and keeps nobody else out", async () => {
  const alice = await join();
  await bindings.DIRECTORY.prepare(
    "INSERT INTO account (did, handle, state, created_at) VALUES ('did:plc:lost', 'lost.test', 'active', '2026-01-01T00:00:00.000Z')",
  ).run();
  const backup = await readRun(env, await backUpNow(env));
  expect(backup.manifest.failed).toEqual([["did:plc:lost", expect.stringMatching(/not find repo/)]]);
  expect([...backup.accounts.keys()]).toEqual([alice.did]);
});

test("a run that dies at any call goes on, and is whole in the end", { timeout: 60_000 }, async () => {
  const members = [await join(), await join(), await join()];
  for (const member of members) await write(member, "first");
  await backUpNow(env);
  let at = 1;
  for (let isCut = true; isCut; at += 13) {
    for (const member of members) await write(member, `before cut ${at}`);
    const begun = Date.UTC(2028, 0, 1 + at);
    const outcome = await cutting({ at, loses: at % 2 === 0 ? "call" : "answer", kills: true }, () =>
      finish(env, begun),
    );
    isCut = outcome.cut;
    // The lease of the dead step.
    await bindings.DIRECTORY.prepare("UPDATE host_task SET begun_at = 0").run();
    const run = await finish(env, begun);
    for (const member of members) {
      const there = await checkRepo(
        new Uint8Array(await new Response(await account(member.did).getRepo("owner")).arrayBuffer()),
        member.did,
        await account(member.did).signingKey(),
      );
      expect(await expectWhole(run, member)).toEqual(there.records);
    }
  }
  expect(at).toBeGreaterThan(30);
});

test("a run costs two files and three rows an account that changed, and a few for itself", async () => {
  const members: Member[] = [];
  for (let n = 0; n < 12; n++) members.push(await join());
  await backUpNow(env);
  const changed = members.slice(0, 5);
  for (const member of changed) await write(member, "changed");
  const { db, cost } = countDatabase(bindings.DIRECTORY);
  const puts: string[] = [];
  const woken: string[] = [];
  const counting = {
    ...env,
    DIRECTORY: db,
    BLOBS: {
      list: bindings.BLOBS.list.bind(bindings.BLOBS),
      delete: bindings.BLOBS.delete.bind(bindings.BLOBS),
      put: (key: string, body: Uint8Array) => {
        puts.push(key);
        return bindings.BLOBS.put(key, body);
      },
    } as never,
    ACCOUNT: {
      getByName: (did: string) => {
        woken.push(did);
        return bindings.ACCOUNT.getByName(did);
      },
    },
  };
  await backUpNow(counting);
  // Nobody who changed nothing is woken: an object's time is what costs.
  expect([...new Set(woken)].toSorted()).toEqual(changed.map(({ did }) => did).toSorted());
  expect(puts.filter((key) => key.includes("accounts/did:")).length).toBe(2 * changed.length);
  const own = puts.filter((key) => key.startsWith("backups/runs/")).length;
  expect(own).toBe(Object.keys(KEPT_TABLES).length + 2);
  // A post costs some twenty rows, so three are far below two in a hundred of a day's writing by its author.
  expect(cost.written).toBeLessThanOrEqual(3 * changed.length + 25);
});
