/**
 * An object that does not know its name, as one that an alarm wakes may not: what it does takes the DID from
 * storage.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Did } from "@atcute/lexicons";
import { expect, test, vi } from "vitest";
import type { AccountObject } from "../../src/account/object.ts";
import { accountOf, bindings, newAccount, newMember, post, refusalOf } from "../support/account.ts";
import { kill, rowsOf, stubOf } from "../support/object-access.ts";

const namespace = (env as never as { ACCOUNT: DurableObjectNamespace<AccountObject> }).ACCOUNT;

/** Kills the object, then wakes it by its id, which does not tell its name. */
async function wakeNameless<Result>(
  did: Did,
  run: (object: AccountObject) => Promise<Result>,
): Promise<Result> {
  const { id } = stubOf(did);
  await kill(did);
  return runInDurableObject(namespace.get(namespace.idFromString(id.toString())), (object, state) => {
    expect(state.id.name).toBeUndefined();
    return run(object);
  });
}

test("completes a deletion, and is an account for its DID again", async () => {
  const { did, account } = await newMember();
  await bindings.BLOBS.put(`${did}/upload`, "bytes");
  const list = vi.spyOn(bindings.BLOBS, "list").mockRejectedValueOnce(new Error("away"));
  await account.destroy(Date.now());
  await expect.poll(() => list.mock.calls.length).toBeGreaterThan(0);
  await wakeNameless(did, (object) => object.alarm());
  expect((await bindings.BLOBS.list({ prefix: `${did}/` })).objects).toEqual([]);
  expect(await rowsOf(did, "SELECT name FROM sqlite_master WHERE name = 'account'")).toEqual([]);
  // The instance that the alarm woke is still there, and is asked by name now.
  expect(await refusalOf(accountOf(did).getLatestCommit("public"))).toMatchObject({
    error: "RepoNotFound",
    message: `Could not find repo for DID: ${did}`,
  });
  await accountOf(did).create({ did, at: Date.now() + 1, password: null });
  expect(await accountOf(did).getRepoStatus()).toMatchObject({ status: "deactivated" });
});

test("fails a deletion without losing it", async () => {
  const { did, account } = await newMember();
  const list = vi.spyOn(bindings.BLOBS, "list").mockRejectedValue(new Error("away"));
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  await account.destroy(Date.now());
  await expect.poll(() => list.mock.calls.length).toBeGreaterThan(0);
  await wakeNameless(did, (object) => object.alarm());
  expect(String(said.mock.calls.at(-1)?.[0])).toContain(did);
  list.mockRestore();
  said.mockRestore();
  expect(await rowsOf(did, "SELECT destroying FROM account")).toEqual([{ destroying: 1 }]);
  await wakeNameless(did, (object) => object.alarm());
  expect(await rowsOf(did, "SELECT name FROM sqlite_master WHERE name = 'account'")).toEqual([]);
});

test("serves and writes under its DID", async () => {
  const { did } = await newMember();
  const { uri } = await wakeNameless(did, (object) =>
    object.createRecord({ collection: "app.bsky.feed.post", record: post("who am I?") }),
  );
  expect(uri.startsWith(`at://${did}/`)).toBe(true);
});

test("that holds nothing refuses reads all the same, and takes the DID it is given", async () => {
  const { did } = await newAccount();
  const stranger: Did = `${did}x`;
  const read = await wakeNameless(stranger, (object) => refusalOf(object.getRepo("public")));
  expect(read).toEqual({ error: "RepoNotFound", status: 400, message: "Could not find repo" });
  const record = await wakeNameless(stranger, (object) =>
    refusalOf(object.getRecord("app.bsky.feed.post", "x")),
  );
  expect(record).toMatchObject({ error: "InvalidRequest", message: "Could not find repo" });
  await wakeNameless(stranger, (object) => object.create({ did: stranger, at: Date.now(), password: null }));
  expect(await rowsOf(stranger, "SELECT did FROM account")).toEqual([{ did: stranger }]);
});
