/** The ways of `npm run restore` that the drill does not go: one account, a day, a copy of one's own, the same host. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BackupStatus } from "../../src/lifecycle/backup/status.ts";
import { xrpc, xrpcBytes } from "../../tools/dev/xrpc-client.ts";
import { ROOT } from "../../tools/dev/wrangler-file.ts";
import { type TestHost, type TestNetwork, createTestNetwork } from "../../tools/kit/index.ts";
import { HostApi } from "../../tools/restore/host-api.ts";
import { newOwnerKey } from "../../tools/restore/owner-key.ts";
import { DOMAIN, type Person, as, signUp } from "./community.ts";

const owner = newOwnerKey();
const folder = mkdtempSync(path.join(tmpdir(), "atoll-ways-"));
const copy = path.join(folder, "copy");
let network: TestNetwork;
let host: TestHost;
let alice: Person;
let bob: Person;
let picture: string;
let runs: string[] = [];

beforeAll(async () => {
  network = await createTestNetwork({
    hosts: ["host"],
    vars: { HANDLE_DOMAINS: DOMAIN, BACKUP_KEY: owner.publicKey },
  });
  host = network.host("host");
  [alice, bob] = [await signUp(host, "alice"), await signUp(host, "bob")];
});
afterAll(async () => {
  await network?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  code: number;
  said: string;
}

/** Runs the command as an owner does. */
function command(tool: "run" | "doctor", ...args: string[]): Promise<Ended> {
  const node = ["--import", "./tools/dev/node.mjs", `tools/restore/${tool}.ts`];
  const env = { ...process.env, BACKUP_SECRET: owner.secret, ADMIN_PASSWORD: host.adminPassword };
  return new Promise((resolve) => {
    execFile(process.execPath, [...node, ...args], { cwd: ROOT, env }, (failed, out, err) => {
      resolve({ code: failed === null ? 0 : Number(failed.code), said: `${out}${err}` });
    });
  });
}

const restore = (...args: string[]) => command("run", "--folder", path.join(folder, "notes"), ...args);

async function backUp(): Promise<string> {
  const { run } = await host.admin<{ run: string }>("internal.atoll.backup.start", { input: {} });
  for (let steps = 0; steps < 100; steps++) {
    await host.runSchedule();
    const { runs: found } = await host.admin<BackupStatus>("internal.atoll.backup.getStatus");
    if (found.some(({ id, phase }) => id === run && phase === "done")) return run;
  }
  throw new Error("the backup does not end");
}

const write = (who: Person, text: string, more: object = {}) =>
  as(host, who, "com.atproto.repo.createRecord", {
    input: {
      repo: who.did,
      collection: "com.example.note",
      record: { $type: "com.example.note", text, ...more },
    },
  });

const prefer = (birthDate: string) =>
  as(host, alice, "app.bsky.actor.putPreferences", {
    input: { preferences: [{ $type: "app.bsky.actor.defs#personalDetailsPref", birthDate }] },
  });

async function notes({ did }: Person): Promise<string[]> {
  const { records } = await host.xrpc<{ records: { value: { text: string } }[] }>(
    "com.atproto.repo.listRecords",
    {
      params: { repo: did, collection: "com.example.note" },
    },
  );
  return records.map(({ value }) => value.text).toSorted();
}

async function signIn(who: Person): Promise<string> {
  const { did, accessJwt } = await host.xrpc<{ did: string; accessJwt: string }>(
    "com.atproto.server.createSession",
    { input: { identifier: who.handle, password: who.password } },
  );
  who.token = accessJwt;
  return did;
}

const dayOf = (run = "") => run.replace(/^(\d{4})(\d\d)(\d\d)T.*$/, "$1-$2-$3");

test("two days are backed up", async () => {
  const { blob } = await xrpc<{ blob: { ref: { $link: string } } }>(host.url, "com.atproto.repo.uploadBlob", {
    input: new Uint8Array(2_000).fill(7),
    type: "text/plain",
    authorization: `Bearer ${alice.token}`,
  });
  picture = blob.ref.$link;
  await write(alice, "first", { picture: blob });
  await write(bob, "bob's");
  await prefer("1990-01-01T00:00:00.000Z");
  const first = await backUp();
  await network.clock.advance("1d");
  await signIn(alice);
  await signIn(bob);
  await write(alice, "second");
  await prefer("1991-01-01T00:00:00.000Z");
  runs = [first, await backUp()];
  await write(alice, "third");
  const listed = await restore("--from", `host:${host.url}`, "--list");
  expect(listed.said.trim().split("\n").slice(-2)).toEqual(runs);
});

test("without --yes nothing is changed", async () => {
  const looked = await restore("--from", `host:${host.url}`, "--to", host.url);
  expect(looked.said).toContain("2 accounts");
  expect(looked.said).toContain("Nothing was changed");
  expect(looked.code).toBe(0);
  expect(await notes(alice)).toEqual(["first", "second", "third"]);
});

test("everything onto the host as it is leaves what is newer", async () => {
  const done = await restore("--from", `host:${host.url}`, "--to", host.url, "--yes");
  expect(done.said).toContain("2 left as they are");
  expect(await notes(alice)).toEqual(["first", "second", "third"]);
});

test("a copy of one's own has pictures, and is not fetched twice", async () => {
  const done = await restore("--from", `host:${host.url}`, "--download", copy);
  expect(done.code).toBe(0);
  expect(existsSync(path.join(copy, "blobs", alice.did, picture))).toBe(true);
  expect(readdirSync(path.join(copy, "runs"))).toEqual([runs[1]]);
  const again = await restore("--from", `host:${host.url}`, "--download", copy);
  expect(again.said).toContain("1 files");
  expect((await restore("--from", copy, "--list")).said.trim().split("\n").at(-1)).toBe(runs[1]);
});

test("one account goes back to a day, and nobody else does", async () => {
  await write(bob, "bob's later");
  const day = ["--as-of", dayOf(runs[0]), "--yes"];
  const done = await restore("--from", `host:${host.url}`, "--to", host.url, "--account", alice.did, ...day);
  expect(done).toMatchObject({ code: 0, said: expect.stringContaining("1 set back") as unknown });
  expect(await notes(alice)).toEqual(["first"]);
  expect(await notes(bob)).toEqual(["bob's", "bob's later"]);
  const { preferences } = await as<{ preferences: unknown[] }>(host, alice, "app.bsky.actor.getPreferences");
  expect(preferences).toContainEqual(expect.objectContaining({ birthDate: "1990-01-01T00:00:00.000Z" }));
  // Whoever has an account keeps what opens it.
  await signIn(alice);
  await write(alice, "goes on");
  expect(await notes(alice)).toEqual(["first", "goes on"]);
});

test("one account comes back from the folder, with its picture", async () => {
  const done = await restore("--from", copy, "--to", host.url, "--account", alice.did, "--yes");
  expect(done.code).toBe(0);
  expect(await notes(alice)).toEqual(["first", "second"]);
  const bytes = await xrpcBytes(host.url, "com.atproto.sync.getBlob", {
    params: { did: alice.did, cid: picture },
  });
  expect(bytes).toEqual(new Uint8Array(2_000).fill(7));
});

test("an account that was deleted comes back whole, and signs in as before", async () => {
  await host.admin("com.atproto.admin.deleteAccount", { input: { did: alice.did } });
  await network.settle();
  const done = await restore("--from", copy, "--to", host.url, "--account", alice.did, "--yes");
  expect(done).toMatchObject({
    code: 0,
    said: expect.stringContaining("1 accounts were restored whole") as unknown,
  });
  expect(await notes(alice)).toEqual(["first", "second"]);
  const did = await signIn(alice);
  expect(did).toBe(alice.did);
  await xrpcBytes(host.url, "com.atproto.sync.getBlob", { params: { did, cid: picture } });
});

test("what is not there is said", async () => {
  const nobody = await restore("--from", copy, "--to", host.url, "--account", "did:plc:nobody", "--yes");
  expect(nobody).toMatchObject({
    code: 2,
    said: expect.stringContaining("did:plc:nobody is not in it") as unknown,
  });
  const early = await restore("--from", copy, "--to", host.url, "--as-of", "2020-01-01");
  expect(early).toMatchObject({
    code: 1,
    said: expect.stringContaining("has no backup of 2020-01-01") as unknown,
  });
  expect((await restore("--from", path.join(folder, "none"), "--list")).code).toBe(1);
  const away = new HostApi("http://localhost:1", "password", 1).query("com.example.none");
  await expect(away).rejects.toThrow("http://localhost:1 does not answer");
});

test("the doctor finds the host whole, and what the directory lost", async () => {
  await network.settle();
  // The schedule has begun one, before the account came back.
  await command("doctor", "--host", host.url);
  await network.clock.advance("1m");
  const well = await command("doctor", "--host", host.url);
  expect(well).toMatchObject({
    code: 0,
    said: expect.stringContaining("2 accounts: everything is whole") as unknown,
  });
  const [row] = await host.query("DIRECTORY", "SELECT * FROM account WHERE did = ?", bob.did);
  await host.query("DIRECTORY", "DELETE FROM account WHERE did = ?", bob.did);
  await network.clock.advance("1m");
  const ill = await command("doctor", "--host", host.url);
  expect(ill.code).toBe(2);
  expect(ill.said).toContain(bob.did);
  // What it says to do does it.
  expect(row?.["handle"]).toBe(bob.handle);
  const done = await restore("--from", `host:${host.url}`, "--to", host.url, "--account", bob.did, "--yes");
  expect(done).toMatchObject({ code: 0, said: expect.stringContaining("1 listed again") as unknown });
  await network.clock.advance("1m");
  expect((await command("doctor", "--host", host.url)).code).toBe(0);
  const last = await command("doctor", "--host", host.url, "--last");
  expect(last.said).toContain("everything is whole");
  expect(await notes(bob)).toEqual(["bob's", "bob's later"]);
});
