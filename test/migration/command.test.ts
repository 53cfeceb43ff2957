/** `npm run migrate` as scripts use it: look, move, resume, go back. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import type { RunningHost } from "../../tools/dev/host.ts";
import { startHost } from "../../tools/dev/host.ts";
import { plcState } from "../../tools/migrate/identity.ts";
import { statusAt } from "../../tools/migrate/steps.ts";
import { basic, xrpc } from "../../tools/dev/xrpc-client.ts";
import { mailedCode } from "./mailbox.ts";
import { fill, signUp, type Mover } from "./member.ts";
import { startReference, type Reference } from "./reference.ts";

const folder = mkdtempSync(path.join(tmpdir(), "atoll-migrate-"));
const NEW_PASSWORD = "a new password";
let host: RunningHost;
let reference: Reference;
let carol: Mover;
let invite: string;

beforeAll(async () => {
  host = await startHost({
    dataDir: path.join(folder, "atoll"),
    vars: { REGISTRATION: "invite", ADMIN_PASSWORD: "admin", HANDLE_DOMAINS: ".atoll.test" },
  });
  reference = await startReference(path.join(folder, "reference"), host.outside, ".first.test");
  carol = await signUp(reference.origin, "carol.first.test");
  await fill(carol, 40, 10, carol.did);
  const made = await xrpc(host.origin, "com.atproto.server.createInviteCode", {
    input: { useCount: 3 },
    authorization: basic("admin", "admin"),
  });
  invite = (made as { code: string }).code;
});
afterAll(async () => {
  await Promise.all([reference?.stop(), host?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the command; returns its exit status and all its output. */
function migrate(...args: string[]): Promise<{ status: number; said: string }> {
  const script = path.join(import.meta.dirname, "../../tools/migrate/run.ts");
  const all = [script, "--yes", "--plc", host.outside, "--folder", path.join(folder, "moves"), ...args];
  const env = { ...process.env, OLD_PASSWORD: carol.password, NEW_PASSWORD };
  return new Promise((resolve) => {
    execFile(process.execPath, all, { env }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), said: stdout + stderr });
    });
  });
}

const route = () => [
  `--from=${reference.origin}`,
  `--to=${host.origin}`,
  `--account=${carol.handle}`,
  "--handle=carol.atoll.test",
];
const endpoint = async () => (await plcState(host.outside, carol.did)).services.atproto_pds?.endpoint;
const newestCode = () => mailedCode(host.outside, carol.email);

test("looks first: says what is in the way, and changes nothing", async () => {
  const { status, said } = await migrate(...route(), "--check");
  assert.equal(status, 1);
  assert.match(said, /40 records and 10 blobs/);
  assert.match(said, /asks for an invite code/);
  await assert.rejects(
    xrpc(host.origin, "com.atproto.sync.getRepoStatus", { params: { did: carol.did } }),
    /RepoNotFound/,
  );
});

test("stops where the code is needed, and goes back from there: the copy is gone, the account as it was", async () => {
  const { status, said } = await migrate(...route(), "--invite", invite);
  assert.equal(status, 1);
  assert.match(said, /Needed: --code/);
  assert.equal(await endpoint(), reference.origin);
  assert.equal((await migrate("--undo")).status, 1, "the new host mails a code of its own");
  const undone = await migrate("--undo", "--code", await newestCode());
  assert.equal(undone.status, 0, undone.said);
  await assert.rejects(
    xrpc(host.origin, "com.atproto.sync.getRepoStatus", { params: { did: carol.did } }),
    /RepoNotFound/,
  );
  assert.equal((await statusAt(carol.client)).activated, true);
});

test("moves in two runs, copying again what was written between them", async () => {
  assert.match((await migrate(...route(), "--invite", invite)).said, /Needed: --code/);
  const record = { $type: "app.bsky.feed.post", text: "late", createdAt: new Date().toISOString() };
  await carol.client.json("com.atproto.repo.createRecord", {
    input: { repo: carol.did, collection: record.$type, record },
  });
  const { status, said } = await migrate("--code", await newestCode());
  assert.equal(status, 0, said);
  assert.match(said, /written to since/);
  assert.match(said, /41 records and 10 blobs are there/);
  assert.equal(await endpoint(), host.origin);
  assert.equal((await statusAt(carol.client)).activated, false);
});

test("goes back after the identity has moved", async () => {
  assert.match((await migrate("--undo")).said, /Needed: --code/);
  const { status, said } = await migrate("--undo", "--code", await newestCode());
  assert.equal(status, 0, said);
  assert.equal(await endpoint(), reference.origin);
  assert.equal((await statusAt(carol.client)).activated, true);
  const { active } = (await xrpc(host.origin, "com.atproto.sync.getRepoStatus", {
    params: { did: carol.did },
  })) as { active: boolean };
  assert.equal(active, false);
});
