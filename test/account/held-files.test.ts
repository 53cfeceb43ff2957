/** Files that an account's object holds itself: stored and read like those of a bucket, swept, moved to one. */
import { Buffer } from "node:buffer";
import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { CHUNK, putFile } from "../../src/account/files/held.ts";
import { moveFiles } from "../../src/account/files/moving.ts";
import { Readers, readFile } from "../../src/account/files/reading.ts";
import { GRACE_MS } from "../../src/account/blobs.ts";
import { Sql } from "../../src/protocol/object/sql.ts";
import { filesOf } from "../../src/lifecycle/files/store.ts";
import { bindings, newMember, refusalOf } from "../support/account.ts";
import { change, kill, ring, rowsOf, shiftBlobs, stubOf } from "../support/object-access.ts";

const WITHOUT = { ...bindings, BLOBS: undefined };
const held = filesOf(WITHOUT);
const ROOM = 9e9;

/** Bytes that tell their place. */
function bytesOf(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8) * 7) & 255;
  return bytes;
}

const streamOf = (bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> => new Blob([bytes]).stream();

const bytesIn = async (found: { arrayBuffer(): Promise<ArrayBuffer> } | null) =>
  found === null ? null : new Uint8Array(await found.arrayBuffer());

const same = (a: Uint8Array | null, b: Uint8Array): boolean => a !== null && Buffer.compare(a, b) === 0;

async function counted(did: `did:${string}:${string}`): Promise<unknown> {
  const [row] = await rowsOf(
    did,
    "SELECT (SELECT count(*) FROM file) AS files, (SELECT count(*) FROM file_chunk) AS chunks",
  );
  return row;
}

let made = 0;
const newKey = (did: string) => `${did}/upload-${made++}`;

describe("what is stored", () => {
  const SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1];

  test.each(SIZES)("comes back whole, of %i bytes", async (size) => {
    const { did } = await newMember();
    const key = newKey(did);
    const bytes = bytesOf(size);
    await held.put(key, streamOf(bytes));
    expect(await held.head(key)).toMatchObject({ key, size });
    expect(same(await bytesIn(await held.get(key)), bytes)).toBe(true);
    expect(await counted(did)).toEqual({ files: 1, chunks: Math.ceil(size / CHUNK) });
  });

  test("comes back in any range, as a bucket gives it", async () => {
    const { did } = await newMember();
    const key = newKey(did);
    const bytes = bytesOf(2 * CHUNK + 1000);
    await held.put(key, bytes);
    await bindings.BLOBS.put(key, bytes);
    const near = fc
      .constantFrom(0, CHUNK, 2 * CHUNK)
      .chain((edge) => fc.integer({ min: Math.max(0, edge - 3), max: Math.min(bytes.length - 1, edge + 3) }));
    const offsets = fc.oneof(near, fc.integer({ min: 0, max: bytes.length - 1 }));
    await fc.assert(
      fc.asyncProperty(offsets, fc.integer({ min: 1, max: CHUNK + 10 }), async (offset, most) => {
        const range = { offset, length: Math.min(most, bytes.length - offset) };
        const [here, there] = await Promise.all([
          held.get(key, { range }),
          bindings.BLOBS.get(key, { range }),
        ]);
        const found = await bytesIn(here);
        expect(same(found, bytes.subarray(offset, offset + range.length))).toBe(true);
        expect(found?.length).toBe((await bytesIn(there))?.length);
        expect(here?.size).toBe(there?.size);
      }),
      { numRuns: 25 },
    );
  });

  test("comes in parts, when its length is not known", async () => {
    const { did } = await newMember();
    const key = newKey(did);
    const bytes = bytesOf(2 * CHUNK + 5);
    const upload = await held.createMultipartUpload(key);
    const first = await upload.uploadPart(1, bytes.slice(0, CHUNK));
    await upload.complete([first, await upload.uploadPart(2, bytes.slice(CHUNK))]);
    expect(same(await bytesIn(await held.get(key)), bytes)).toBe(true);
    const other = await held.createMultipartUpload(newKey(did));
    await other.uploadPart(1, bytes.slice(0, CHUNK));
    await other.abort();
    expect(await counted(did)).toEqual({ files: 1, chunks: 3 });
  });

  test("costs two rows and one for each megabyte, and goes wholly", async () => {
    const { did } = await newMember();
    const key = newKey(did);
    const rows = await runInDurableObject(stubOf(did), async (_, state) => {
      const sql = new Sql(state.storage);
      const holder = { sql };
      await putFile(holder, key, streamOf(bytesOf(2 * CHUNK)), { most: ROOM, now: () => holder });
      return sql.rows.written;
    });
    // The file's row and its key, its size, two megabytes.
    expect(rows).toBe(5);
    await held.delete([key, newKey(did)]);
    expect(await counted(did)).toEqual({ files: 0, chunks: 0 });
    expect(await held.get(key)).toBeNull();
  });

  test("is nobody else's: another account, or none, has no such file", async () => {
    const [one, other] = [await newMember(), await newMember()];
    const key = newKey(one.did);
    await held.put(key, bytesOf(10));
    expect(await held.get(key.replace(one.did, other.did))).toBeNull();
    expect(await held.get("did:plc:nobodynobodynobodynobody/x")).toBeNull();
    const refused = await refusalOf(held.put("did:plc:nobodynobodynobodynobody/x", bytesOf(3)));
    expect(refused).toMatchObject({ error: "AccountNotFound" });
  });
});

describe("an upload", () => {
  test("that breaks off leaves nothing", async () => {
    const { did } = await newMember();
    const broken = new ReadableStream({
      type: "bytes",
      pull(controller: ReadableByteStreamController) {
        if (made++ % 40 === 39) controller.error(new Error("the client left"));
        else controller.enqueue(new Uint8Array(64 * 1024));
      },
    });
    await expect(held.put(newKey(did), broken)).rejects.toThrow();
    await expect.poll(() => counted(did)).toEqual({ files: 0, chunks: 0 });
  });

  test("whose object dies can be made again, and what was left is swept after its grace", async () => {
    const { did, account } = await newMember();
    await account.checkUpload();
    const gate = Promise.withResolvers<void>();
    const slow = new ReadableStream({
      type: "bytes",
      async pull(controller: ReadableByteStreamController) {
        controller.enqueue(new Uint8Array(64 * 1024));
        if (made++ % 40 === 39) await gate.promise;
      },
    });
    const upload = held.put(newKey(did), slow).catch(() => "broke off");
    await expect.poll(() => rowsOf(did, "SELECT count(*) > 0 AS any FROM file_chunk")).toEqual([{ any: 1 }]);
    await kill(did);
    gate.resolve();
    expect(await upload).toBe("broke off");
    expect(await rowsOf(did, "SELECT count(*) AS files FROM file WHERE size IS NULL")).toEqual([
      { files: 1 },
    ]);
    const again = newKey(did);
    await filesOf(WITHOUT).put(again, bytesOf(CHUNK));
    await shiftBlobs(did, GRACE_MS + 1000);
    await ring(did);
    // Nobody registered the second one either.
    expect(await counted(did)).toEqual({ files: 0, chunks: 0 });
  });

  test("is refused where there is no room, and leaves nothing", async () => {
    const { did, account } = await newMember();
    const refused = await refusalOf(account.putFile(newKey(did), streamOf(bytesOf(2 * CHUNK)), 1_000));
    expect(refused).toMatchObject({ error: "NotEnoughResources", status: 507 });
    expect(await counted(did)).toEqual({ files: 0, chunks: 0 });
  });

  test("is refused when the free plan's storage is used up, by what was found at the last look", async () => {
    const { did } = await newMember();
    const look = (bytes: number) =>
      bindings.DIRECTORY.prepare(
        `INSERT OR REPLACE INTO size_look (id, day, repo_bytes, files, file_bytes, held_bytes,
          done_day, done_repo_bytes, done_files, done_file_bytes, done_held_bytes)
          VALUES (1, '2026-01-01', 0, 0, 0, 0, '2026-01-01', 1000, 1, ?1, ?1)`,
      )
        .bind(bytes)
        .run();
    onTestFinished(async () => {
      await bindings.DIRECTORY.prepare("DELETE FROM size_look").run();
    });
    await look(4.6e9);
    const free = filesOf({ ...WITHOUT, PLAN: "free" });
    expect(await refusalOf(free.put(newKey(did), bytesOf(3)))).toMatchObject({ error: "NotEnoughResources" });
    await filesOf({ ...WITHOUT, PLAN: "paid" }).put(newKey(did), bytesOf(3));
    await look(4.4e9);
    await free.put(newKey(did), bytesOf(3));
  });
});

describe("moved to a bucket", () => {
  const { BLOBS } = bindings;
  const both = filesOf(bindings);
  const inBucket = async (did: string) =>
    (await BLOBS.list({ prefix: `${did}/` })).objects.map(({ key }) => key).toSorted();

  async function withFiles(sizes: readonly number[]) {
    const member = await newMember();
    const keys = sizes.map(() => newKey(member.did));
    for (const [at, key] of keys.entries()) await held.put(key, bytesOf(sizes[at] ?? 0));
    return { ...member, keys };
  }

  test("every file is there under its key, and found at every moment", async () => {
    const sizes = [0, 5, CHUNK + 3];
    const { did, account, keys } = await withFiles(sizes);
    const checkAll = async () => {
      for (const [at, key] of keys.entries())
        expect(same(await bytesIn(await both.get(key)), bytesOf(sizes[at] ?? 0)), key).toBe(true);
    };
    await checkAll();
    const [moved] = await Promise.all([account.moveFiles(0), checkAll(), checkAll()]);
    expect(moved).toMatchObject({ error: null, next: null });
    await checkAll();
    for (let n = 0; moved.left > 0 && n < 3; n++) moved.left = (await account.moveFiles(0)).left;
    expect(await counted(did)).toEqual({ files: 0, chunks: 0 });
    expect(await inBucket(did)).toEqual(keys.toSorted());
    await checkAll();
  });

  test("some at a time, going on where it stopped", async () => {
    const { did, account } = await withFiles(Array.from({ length: 27 }, () => 3));
    const first = await account.moveFiles(0);
    expect(first).toMatchObject({ files: 20, bytes: 60, left: 0, error: null });
    expect(first.next).not.toBeNull();
    expect(await account.moveFiles(first.next ?? 0)).toMatchObject({ files: 7, next: null });
    expect(await counted(did)).toEqual({ files: 0, chunks: 0 });
  });

  test("what dies between there and here is moved again, and nothing is lost", async () => {
    const { did, account, keys } = await withFiles([7, 8]);
    await BLOBS.put(keys[0] ?? "", bytesOf(7));
    expect(await account.moveFiles(0)).toMatchObject({ files: 2, error: null });
    expect(await counted(did)).toEqual({ files: 0, chunks: 0 });
    expect(await inBucket(did)).toEqual(keys.toSorted());
  });

  test("a bucket that fails, or a file with a part missing, holds up no other file", async () => {
    const { did, keys } = await withFiles([7, CHUNK + 5, 9]);
    await change(did, "DELETE FROM file_chunk WHERE id = (SELECT max(no) - 1 FROM file) * 1048576 + 1");
    const failing = {
      delete: () => Promise.resolve(),
      put: async (key: string, body: ReadableStream<Uint8Array>) => {
        if (key === keys[0]) {
          await body.cancel();
          throw new Error("R2 is away");
        }
        return BLOBS.put(key, body);
      },
    } as unknown as R2Bucket;
    const moved = await runInDurableObject(stubOf(did), (_, state) =>
      moveFiles({ sql: new Sql(state.storage), readers: new Readers() }, failing, 0),
    );
    expect(moved).toMatchObject({ files: 1, bytes: 9, next: null });
    expect(moved.error).toMatch(/a part of it is missing/);
    expect(await inBucket(did)).toEqual([keys[2]]);
    expect(same(await bytesIn(await both.get(keys[0] ?? "")), bytesOf(7))).toBe(true);
  });

  test("a file that somebody reads stays until they are done", async () => {
    const { did } = await withFiles([2 * CHUNK]);
    const read = await runInDurableObject(stubOf(did), async (_, state) => {
      const sql = new Sql(state.storage);
      const readers = new Readers();
      const [{ key } = { key: "" }] = sql.all<{ key: string }>("SELECT key FROM file");
      const reader = readFile({ sql, readers }, key, null)?.body.getReader();
      const first = await reader?.read();
      const during = await moveFiles({ sql, readers }, BLOBS, 0);
      let size = first?.value?.byteLength ?? 0;
      for (let next = await reader?.read(); next?.done === false; next = await reader?.read())
        size += next.value.byteLength;
      const after = await moveFiles({ sql, readers }, BLOBS, 0);
      return { during, size, after };
    });
    expect(read.during).toMatchObject({ files: 0, left: 1 });
    expect(read.size).toBe(2 * CHUNK);
    expect(read.after).toMatchObject({ files: 1, left: 0 });
  });

  test("a file that is deleted meanwhile is at neither place afterwards", async () => {
    const { did, keys } = await withFiles([9]);
    const late = {
      put: async (key: string, body: ReadableStream<Uint8Array>) => {
        const stored = await BLOBS.put(key, body);
        await runInDurableObject(stubOf(did), (_, state) => void state.storage.sql.exec("DELETE FROM file"));
        return stored;
      },
      delete: (key: string) => BLOBS.delete(key),
    } as unknown as R2Bucket;
    await runInDurableObject(stubOf(did), (_, state) =>
      moveFiles({ sql: new Sql(state.storage), readers: new Readers() }, late, 0),
    );
    expect(await inBucket(did)).toEqual([]);
    expect(await both.get(keys[0] ?? "")).toBeNull();
  });
});
