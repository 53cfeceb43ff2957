/** What a deletion ends, and what it must not. */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AccountObject } from "../../src/account/object.ts";
import { Directory } from "../../src/identity/directory.ts";
import { settleDue } from "../../src/lifecycle/settle.ts";
import type { Member } from "../support/account-host.ts";
import { asAdmin, bindings, fetchHost, join, xrpc } from "../support/account-host.ts";
import { refusalOf } from "../support/bindings.ts";
import { kill, ring, stubOf } from "../support/object-access.ts";
import { settle } from "../support/account.ts";
import { assertAgreed, directory, isStored, services, sweepAll, toldOf, wordsOf } from "./agreement.ts";

beforeEach(() => {
  for (const name of ["log", "warn", "error"] as const) vi.spyOn(console, name).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const remove = (did: string) => asAdmin("com.atproto.admin.deleteAccount", { input: { did } });

const objectsOf = async (did: string) => (await bindings.BLOBS.list({ prefix: `${did}/` })).objects;

/** Holds the first call of a method of R2 until it is released. */
function holdBlobs(method: "list" | "put") {
  let release = () => {};
  let reached = false;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const real = bindings.BLOBS[method].bind(bindings.BLOBS) as (...given: unknown[]) => Promise<never>;
  vi.spyOn(bindings.BLOBS, method).mockImplementationOnce(async (...given: unknown[]) => {
    reached = true;
    while (!released) await scheduler.wait(1);
    await gate;
    return real(...given);
  });
  let released = false;
  return {
    reached: () => reached,
    release: () => {
      released = true;
      release();
    },
  };
}

describe("a deletion", () => {
  test("ends an account that has a row and no object", async () => {
    const { did, handle } = await join();
    await runInDurableObject(stubOf(did), async (_, state) => {
      await state.storage.deleteAll();
      state.abort("lost");
    }).catch(() => {});
    expect((await remove(did)).status).toBe(200);
    expect(await directory.stage(did)).toBeNull();
    expect(await join(handle.replace(".test", ""))).toMatchObject({ handle });
  });

  test("ends an account that has an object and no row", async () => {
    const { did } = await join();
    await bindings.DIRECTORY.prepare("DELETE FROM account WHERE did = ?").bind(did).run();
    expect(await isStored(did)).toBe(true);
    expect((await remove(did)).status).toBe(200);
    await expect.poll(() => isStored(did)).toBe(false);
    expect(wordsOf(await toldOf(did)).at(-1)).toBe("account deleted");
  });

  test("by the admin is asked for five times at once and happens once", async () => {
    const { did } = await join();
    const answers = await Promise.all(Array.from({ length: 5 }, () => remove(did)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    await sweepAll();
    await expect.poll(() => isStored(did)).toBe(false);
    await assertAgreed(did);
  });

  test("that runs twice spares the account that is made after it", async () => {
    const { did } = await join();
    const account = bindings.ACCOUNT.getByName(did);
    const held = holdBlobs("list");
    await account.destroy(Date.now());
    await expect.poll(held.reached).toBe(true);
    // The alarm comes while the first run waits for R2.
    const alarm = runInDurableObject(stubOf(did), (instance: AccountObject) => instance.alarm());
    await scheduler.wait(5);
    held.release();
    await alarm;
    await expect.poll(() => isStored(did)).toBe(false);
    await account.create({ did, at: Date.now(), password: "anew" });
    await bindings.BLOBS.put(`${did}/new`, "bytes");
    await scheduler.wait(20);
    expect(await account.checkPassword("anew", null)).toBeNull();
    expect(await objectsOf(did)).toHaveLength(1);
  });

  test("that is under way is waited for by the account that is made after it", async () => {
    const { did } = await join();
    const account = bindings.ACCOUNT.getByName(did);
    await bindings.BLOBS.put(`${did}/old`, "bytes");
    const held = holdBlobs("list");
    await account.destroy(Date.now());
    await expect.poll(held.reached).toBe(true);
    await scheduler.wait(2);
    const created = account.create({ did, at: Date.now(), password: "anew" });
    await scheduler.wait(5);
    held.release();
    await created;
    await bindings.BLOBS.put(`${did}/new`, "bytes");
    expect(await account.checkPassword("anew", null)).toBeNull();
    expect((await objectsOf(did)).map(({ key }) => key)).toEqual([`${did}/new`]);
  });

  test("that comes late does not reach an account that was made after it was ordered", async () => {
    const { did } = await join();
    const account = bindings.ACCOUNT.getByName(did);
    const ordered = Date.now();
    await account.destroy(ordered);
    await expect.poll(() => isStored(did)).toBe(false);
    await account.create({ did, at: ordered + 1, password: "anew" });
    await account.destroy(ordered);
    await account.settle(
      { active: true, takedown: null, takedownRef: null, handle: "late.test" },
      { at: ordered, isNew: false },
    );
    expect(await account.getRepoStatus()).toMatchObject({ active: false, status: "deactivated" });
  });

  test("keeps an announced account from being replaced by a sign-up", async () => {
    const { did } = await join();
    const account = bindings.ACCOUNT.getByName(did);
    const anew = account.create({ did, at: Date.now() + 1000, password: "mine now" });
    expect(await refusalOf(anew)).toMatchObject({ error: "AlreadyExists" });
    await settle(account, { active: false });
    const again = account.create({ did, at: Date.now() + 1000, password: "mine now" });
    expect(await refusalOf(again)).toMatchObject({ error: "AlreadyExists" });
  });

  test("takes with it all that the directory keeps for the member", async () => {
    const { did } = await join();
    const { results } = await bindings.DIRECTORY.prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 1) <> '_'",
    ).all<{ name: string }>();
    const filled: string[] = [];
    for (const { name } of results) {
      if (!STAYS.includes(name) && (await fill(name, did))) filled.push(name);
    }
    expect(filled).toEqual(expect.arrayContaining(["role", "passkey", "unsent_mail", "draft", "unsettled"]));
    expect((await remove(did)).status).toBe(200);
    for (const table of filled) {
      const rest = table === "unsettled" ? "AND kind <> 'depart'" : "";
      const row = await bindings.DIRECTORY.prepare(`SELECT count(*) AS n FROM ${table} WHERE did = ? ${rest}`)
        .bind(did)
        .first<{ n: number }>();
      expect([table, row?.n]).toEqual([table, 0]);
    }
  });
});

/** A DID's document is nobody's, and an archive is what an owner keeps of whoever was deleted. */
const STAYS = ["account", "archive", "did_cache", "handle_cache"];

interface Column {
  name: string;
  type: string;
  required: number;
  preset: string | null;
}

/** Puts a row about the account into a table, if the table has a column for its DID. */
async function fill(table: string, did: string): Promise<boolean> {
  const { results } = await bindings.DIRECTORY.prepare(
    'SELECT name, type, "notnull" AS required, dflt_value AS preset FROM pragma_table_info(?)',
  )
    .bind(table)
    .all<Column>();
  if (!results.some(({ name }) => name === "did")) return false;
  const needed = results.filter(
    ({ name, required, preset }) => name === "did" || (required && preset === null),
  );
  const given: Record<string, string> = { did, role: "moderator", kind: "stand", state: "joined" };
  const values = needed.map(({ name, type }) => given[name] ?? (type === "TEXT" ? `of ${did}` : 1));
  const names = needed.map(({ name }) => name).join(", ");
  const places = needed.map(() => "?").join(", ");
  await bindings.DIRECTORY.prepare(
    `INSERT INTO ${table} (${names}) VALUES (${places}) ON CONFLICT DO NOTHING`,
  )
    .bind(...values)
    .run();
  return true;
}

describe("an upload", () => {
  const upload = ({ auth }: Member) =>
    fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
      method: "POST",
      headers: { authorization: auth, "content-type": "image/png" },
      body: crypto.getRandomValues(new Uint8Array(100)),
    });

  test("that ends after its account is gone leaves nothing", async () => {
    const member = await join();
    const held = holdBlobs("put");
    const uploading = upload(member);
    await expect.poll(held.reached).toBe(true);
    await remove(member.did);
    await expect.poll(() => isStored(member.did)).toBe(false);
    held.release();
    expect((await uploading).status).toBe(403);
    expect(await objectsOf(member.did)).toEqual([]);
  });

  test("that ends after its account is gone, in a worker that dies, is found a day later", async () => {
    const member = await join();
    await remove(member.did);
    await expect.poll(() => isStored(member.did)).toBe(false);
    await bindings.BLOBS.put(`${member.did}/late`, "bytes");
    await settleDue(services);
    expect(await objectsOf(member.did)).toHaveLength(1);
    const tomorrow = new Directory(bindings, () => Date.now() + 26 * 3_600_000);
    await settleDue({ ...services, directory: tomorrow });
    expect(await objectsOf(member.did)).toEqual([]);
    expect(await tomorrow.unsettled.takeUp(100)).toEqual([]);
  });

  test("whose account is taken down meanwhile leaves nothing", async () => {
    const member = await join();
    const held = holdBlobs("put");
    const uploading = upload(member);
    await expect.poll(held.reached).toBe(true);
    const subject = { $type: "com.atproto.admin.defs#repoRef", did: member.did };
    const takedown = { applied: true };
    await asAdmin("com.atproto.admin.updateSubjectStatus", { input: { subject, takedown } });
    held.release();
    expect((await uploading).status).toBe(401);
    expect(await objectsOf(member.did)).toEqual([]);
  });

  test("is expected before its first byte, so that the account's sweep finds what nobody registers", async () => {
    const member = await join();
    await bindings.ACCOUNT.getByName(member.did).checkUpload();
    const alarm = await runInDurableObject(stubOf(member.did), (_, { storage }) => storage.getAlarm());
    expect(alarm).not.toBeNull();
    // Worker and upload die here. The sweep comes early once, and again when the stray is old enough.
    await bindings.BLOBS.put(`${member.did}/stray`, "bytes");
    await runInDurableObject(stubOf(member.did), (_, { storage }) => {
      storage.sql.exec("UPDATE account SET sweep_at = 1");
    });
    await kill(member.did);
    await ring(member.did);
    expect(await objectsOf(member.did)).toHaveLength(1);
    const due = await runInDurableObject(stubOf(member.did), (_, { storage }) =>
      storage.sql.exec<{ sweep_at: number | null }>("SELECT sweep_at FROM account").one(),
    );
    expect(due.sweep_at).toBeGreaterThan(Date.now() + 23 * 3_600_000);
  });
});

test("a member who was deleted is not found by session or name", async () => {
  const member = await join();
  await remove(member.did);
  expect((await xrpc("com.atproto.server.getSession", { auth: member.auth })).status).toBe(400);
  expect((await xrpc("com.atproto.sync.getRepo", { params: { did: member.did } })).body.error).toBe(
    "RepoNotFound",
  );
});
