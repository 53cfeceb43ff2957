/** The page of backups: from no key to a run that is whole. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readKept, keepSettings } from "../../../schema/kept-settings.ts";
import { configure } from "../../../src/protocol/settings/configured.ts";
import { bindings } from "../../support/account-host.ts";
import { finish, newOwnerKey, readRun } from "../../support/backups.ts";
import { type Holder, holderOf } from "./desk.ts";

let owner: Holder;
beforeAll(async () => {
  owner = await holderOf("owner");
});
afterAll(async () => {
  await keepSettings(bindings, { BACKUP_KEY: null });
});

const page = () => owner.visitor.get("/admin/backups");
const post = (fields: Record<string, string>) => owner.visitor.post("/admin/backups", fields);

test("an owner gives the host a key, and a backup begins, is shown, and holds the owner's account", async () => {
  expect((await page()).text).toContain("So far, nothing is kept");
  expect((await post({ step: "start" })).text).toContain("There is no key yet");
  expect((await post({ step: "key", BACKUP_KEY: "" })).status).toBe(400);
  expect((await post({ step: "key", BACKUP_KEY: "not a key" })).text).toContain("is no public key");

  const { publicKey } = await newOwnerKey();
  expect((await post({ step: "key", BACKUP_KEY: publicKey })).text).toContain("begins within minutes");
  expect((await post({ step: "save", BACKUP_TO: "a bucket" })).text).toContain(
    "https://s3.example.com/bucket",
  );
  // For some seconds an isolate may hold a later version, of the tests that ran before in it.
  await vi.waitFor(async () => expect(await readKept(bindings)).toEqual({ BACKUP_KEY: publicKey }), 8_000);
  expect((await post({ step: "start" })).text).toContain("A backup begins");
  expect((await page()).text).toContain("Under way (accounts)");

  const env = configure(bindings, await readKept(bindings)).bindings;
  const run = await finish(env, Date.now());
  expect((await page()).text).toMatch(/accounts?, \d+ of them visited/);
  expect([...(await readRun(env, run)).accounts.keys()]).toContain(owner.member.did);
});

test("the key's script makes a pair that seals and opens", async () => {
  const { html } = await page();
  expect(html).toContain("/admin/backup-key.js");
  const script = await owner.visitor.get("/admin/backup-key.js");
  expect(script.html).toContain("atoll-backup-key-1-");
});
