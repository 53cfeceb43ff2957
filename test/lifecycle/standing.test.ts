/** Acts that meet each other, and stations that do not follow. */
import { exports } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PlcClient } from "../../src/identity/plc/client.ts";
import type { SettlingServices } from "../../src/lifecycle/services.ts";
import { takedownAccount } from "../../src/lifecycle/takedowns.ts";
import { Refusal } from "../../src/protocol/refusal.ts";
import worker from "../../src/worker.ts";
import { asAdmin, bindings, join, post, xrpc } from "../support/account-host.ts";
import {
  assertAgreed,
  directory,
  documentOf,
  letTimePass,
  services,
  sweepAll,
  unsettledActs,
} from "./agreement.ts";

beforeEach(() => {
  for (const name of ["log", "warn", "error"] as const) vi.spyOn(console, name).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const rename = (auth: string, handle: string) =>
  xrpc("com.atproto.identity.updateHandle", { auth, input: { handle } });

const takedown = (did: string, applied: boolean) =>
  asAdmin("com.atproto.admin.updateSubjectStatus", {
    input: { subject: { $type: "com.atproto.admin.defs#repoRef", did }, takedown: { applied } },
  });

/** The stations, where no account's object follows. */
const unreadable: SettlingServices = {
  ...services,
  account: (did) => {
    const stub = bindings.ACCOUNT.getByName(did);
    return Object.assign(Object.create(stub), {
      settle: () => Promise.reject(new Error("unreadable")),
    }) as typeof stub;
  },
};

const newName = () => `standing${Math.floor(Math.random() * 1e9).toString(36)}.test`;

test("twenty opposite acts at once end in one state, the same everywhere", async () => {
  const { did, auth } = await join();
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      Array.from({ length: 5 }, () => [
        xrpc("com.atproto.server.deactivateAccount", { auth, input: {} }),
        post("com.atproto.server.activateAccount", { auth }),
        takedown(did, true),
        takedown(did, false),
        rename(auth, newName()),
      ]).flat(),
    );
    await sweepAll();
    await assertAgreed(did);
  }
});

test("a takedown reaches index and sessions although the object cannot follow, and is completed later", async () => {
  const { did } = await join();
  await expect(takedownAccount(unreadable, did, { applied: true, ref: "case" })).rejects.toThrow(
    "unreadable",
  );
  const subject = "SELECT ref FROM takedown WHERE subject = ?";
  expect(await bindings.APPVIEW_DB.prepare(subject).bind(did).first()).toEqual({ ref: "case" });
  expect(await directory.find(did)).toMatchObject({ status: "takendown" });
  await sweepAll();
  await assertAgreed(did);
});

test("a handle that the PLC directory refuses is given back", async () => {
  const { did, handle, auth } = await join();
  const wanted = newName();
  vi.spyOn(PlcClient.prototype, "submit").mockRejectedValueOnce(new Refusal("InvalidRequest", "no"));
  expect(await rename(auth, wanted)).toMatchObject({ status: 400, body: { message: "no" } });
  expect(await directory.find(did)).toMatchObject({ handle });
  expect((await join(wanted.replace(".test", ""))).handle).toBe(wanted);
  await assertAgreed(did);
});

test("a handle is changed later if the PLC directory goes away in between", async () => {
  const { did, auth } = await join();
  const wanted = newName();
  const down = new Refusal("UpstreamFailure", "The PLC directory cannot be reached", 502);
  const away = vi.spyOn(PlcClient.prototype, "submit").mockRejectedValue(down);
  expect((await rename(auth, wanted)).status).toBe(502);
  expect(await unsettledActs()).toHaveLength(1);
  away.mockRestore();
  await sweepAll();
  expect((await documentOf(did))?.alsoKnownAs).toEqual([`at://${wanted}`]);
  await assertAgreed(did);
});

test("a handle is refused before anything changes if this host may not change the document", async () => {
  const { did, handle, auth } = await join();
  const state = await services.plc.state(did);
  vi.spyOn(PlcClient.prototype, "state").mockResolvedValue({ ...state, rotationKeys: ["did:key:zOther"] });
  const { status, body } = await rename(auth, newName());
  expect([status, body.error]).toEqual([400, "InvalidRequest"]);
  expect(await directory.find(did)).toMatchObject({ handle });
  expect(await unsettledActs()).toEqual([]);
});

test("two changes of handle at once: the document follows the directory", async () => {
  const { did, auth } = await join();
  await Promise.all([rename(auth, newName()), rename(auth, newName()), rename(auth, newName())]);
  await sweepAll();
  await assertAgreed(did);
});

test("a record taken down by an act that died is known as taken down, with its version", async () => {
  const { did, auth } = await join();
  const record = { $type: "app.bsky.feed.post", text: "half", createdAt: new Date().toISOString() };
  const input = { repo: did, collection: "app.bsky.feed.post", record };
  const { uri, cid } = (await xrpc("com.atproto.repo.createRecord", { auth, input })).body;
  const path = String(uri).slice(`at://${did}/`.length);
  await bindings.ACCOUNT.getByName(did).takedownRecord(path, "old");
  const status = await asAdmin("com.atproto.admin.getSubjectStatus", { params: { uri: String(uri) } });
  expect(status.body).toEqual({
    subject: { $type: "com.atproto.repo.strongRef", uri, cid },
    takedown: { applied: true, ref: "old" },
  });
});

test("the host's schedule takes up what is due, and only that every minute", async () => {
  const { did } = await join();
  await expect(takedownAccount(unreadable, did, { applied: true })).rejects.toThrow("unreadable");
  await letTimePass();
  const context = { exports: exports as unknown };
  vi.spyOn(scheduler, "wait").mockResolvedValue(undefined);
  const prepare = vi.spyOn(bindings.DIRECTORY, "prepare");
  await worker.scheduled({ cron: "* * * * *" }, bindings, context);
  expect(prepare.mock.calls.filter(([sql]) => sql.includes("oauth_replay"))).toEqual([]);
  await assertAgreed(did);
  await worker.scheduled({ cron: "*/5 * * * *" }, bindings, context);
  expect(prepare.mock.calls.filter(([sql]) => sql.includes("oauth_replay"))).not.toEqual([]);
});
