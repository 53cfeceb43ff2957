import { beforeAll, describe, expect, test, vi } from "vitest";
import type { BatchWrite } from "../../src/protocol/account-station.ts";
import { readCar, writeCar } from "../../src/protocol/car.ts";
import { encode, toBytes } from "../../src/protocol/cbor.ts";
import { cidOfCbor } from "../../src/protocol/cid.ts";
import { signCommit } from "../../src/protocol/commit.ts";
import { jsonToLex } from "../../src/protocol/data-model.ts";
import { untilStalled } from "../../src/account/import/patience.ts";
import { Lender, lenders } from "../../src/protocol/memory.ts";
import { archiveOf } from "../support/archive.ts";
import { bytesInUse, importInTurns, kill, ring, rowsOf } from "../support/object-access.ts";
import type { Member } from "../support/account.ts";
import {
  accountOf,
  bindings,
  bytesOf,
  checkRepo,
  newAccount,
  newDid,
  newMember,
  post,
  refusalOf,
  sequencer,
  settle,
} from "../support/account.ts";

const POST = "app.bsky.feed.post";
const PICTURE = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

/** A repo of 2,500 records, as another host would export it: the same DID, another key. */
let car: Uint8Array;
let source: Member;
let records: Map<string, unknown>;
beforeAll(async () => {
  source = await newMember();
  for (let batch = 0; batch < 12; batch++) {
    const writes: BatchWrite[] = Array.from({ length: 200 }, (_, i) => ({
      action: "create",
      collection: POST,
      value: post(`${batch}-${i}`),
    }));
    await source.account.applyWrites({ writes });
  }
  for (let i = 0; i < 5; i++) {
    await source.account.createRecord({
      collection: "app.bsky.graph.follow",
      record: { subject: `did:plc:friend${i}`, createdAt: "2024-06-01T00:00:00Z" },
    });
  }
  const image = { $type: "blob", ref: { $link: PICTURE }, mimeType: "image/png", size: 10 };
  await source.account.registerBlob({ cid: PICTURE, key: "x", mimeType: "image/png", size: 10 });
  await source.account.createRecord({ collection: "com.example.picture", rkey: "one", record: { image } });
  car = await bytesOf(await source.account.getRepo("public"));
  ({ records } = await checkRepo(car, source.did, source.key));
}, 60_000);

const IMPORT_TABLES = "SELECT name FROM sqlite_master WHERE name LIKE 'import_%'";

const stream = (bytes: Uint8Array): ReadableStream<Uint8Array> => must(new Response(bytes).body);
const must = <T>(value: T | null): T => {
  if (value === null) throw new Error("no body");
  return value;
};

/** The archive with its blocks in reverse order. `twice` of them appear a second time at the end. */
function inReverse(archive: Uint8Array, twice = 100): Uint8Array {
  const { roots, blocks } = readCar(archive);
  const reversed = [...blocks].map(([cid, bytes]) => ({ cid, bytes })).toReversed();
  return writeCar(roots, [...reversed, ...reversed.slice(0, twice)]);
}

/** The source's DID on a host that has not seen it: the same object, emptied. */
async function fresh(): Promise<Member> {
  const { did } = source;
  await source.account.destroy(Date.now());
  await expect
    .poll(() =>
      accountOf(did)
        .checkUpload()
        .catch(() => {})
        .then(() => rowsOf(did, "SELECT name FROM sqlite_master WHERE name = 'account'")),
    )
    .toEqual([]);
  const account = accountOf(did);
  const { signingKey } = await account.create({ did, at: Date.now(), password: null });
  source = { did, account, key: signingKey };
  return source;
}

describe("importing a repo", () => {
  test("every record comes, under a commit of this account's own key and a higher rev", async () => {
    const before = await checkRepo(car, source.did, source.key);
    const oldKey = source.key;
    const { account, did, key } = await fresh();
    expect(key).not.toBe(oldKey);
    await account.importRepo(stream(car));
    const after = await checkRepo(await bytesOf(await account.getRepo("owner")), did, key);
    expect([...after.records]).toEqual([...records]);
    expect(after.rev > before.rev).toBe(true);
    expect(await account.getLatestCommit("owner")).toEqual({ cid: after.head, rev: after.rev });
    expect(await account.counts()).toMatchObject({
      indexedRecords: records.size,
      expectedBlobs: 1,
      importedBlobs: 0,
    });
    expect(await account.listMissingBlobs({ limit: 10 })).toEqual([
      { cid: PICTURE, recordUri: `at://${did}/com.example.picture/one` },
    ]);
    expect(await rowsOf(did, IMPORT_TABLES)).toEqual([]);
    expect(await sequencer().repo(did)).not.toMatchObject({ rev: after.rev });

    // The repo is writable: the tree is whole, duplicates are found, and activation announces the new commit.
    await settle(account);
    await account.createRecord({ collection: POST, record: post("after the move") });
    await account.createRecord({
      collection: "app.bsky.graph.follow",
      record: { subject: "did:plc:friend0", createdAt: "2024-06-02T00:00:00Z" },
    });
    const written = await checkRepo(await bytesOf(await account.getRepo("public")), did, key);
    expect(written.records.size).toBe(records.size + 1);
    const latest = await account.getLatestCommit("public");
    await expect.poll(() => sequencer().repo(did)).toMatchObject({ rev: latest.rev, status: "active" });
  });

  test("again, over what is there: the archive's records and no others", async () => {
    const { account, did, key } = source;
    await account.importRepo(stream(car));
    const after = await checkRepo(await bytesOf(await account.getRepo("owner")), did, key);
    expect([...after.records]).toEqual([...records]);
  });

  test("the database grows no larger than the repo, whatever the order of the archive", async () => {
    const { account, did, key } = await fresh();
    const empty = await bytesInUse(did);
    let most = 0;
    await importInTurns(did, inReverse(car), (_, bytes) => {
      most = Math.max(most, bytes);
      return false;
    });
    const after = await checkRepo(await bytesOf(await account.getRepo("owner")), did, key);
    expect([...after.records]).toEqual([...records]);
    expect(most).toBeGreaterThan(empty);
    expect(most).toBeLessThan((await bytesInUse(did)) * 1.1);
  });

  // Retried: the rest may have been copied before the takedown arrives.
  test("a takedown that comes while records are copied stays", { retry: 3 }, async () => {
    const { account, did } = await fresh();
    await account.importRepo(stream(car));
    const [first = ""] = [...records.keys()].toSorted();
    let done = false;
    const again = account.importRepo(stream(car)).finally(() => (done = true));
    const copied = `SELECT path FROM import_record WHERE path = '${first}'`;
    await expect.poll(() => rowsOf(did, copied).catch(() => []), { interval: 1 }).toHaveLength(1);
    await account.takedownRecord(first, "spam");
    expect(done).toBe(false);
    await again;
    expect(await account.recordTakedown(first)).toMatchObject({ takedown: { ref: "spam" } });
  });

  test("an archive larger than what is held in memory, its blocks in any order and some twice", async () => {
    const { did, account, key } = await newMember();
    for (let i = 0; i < 20; i++) {
      const record = { $type: "com.example.long", text: String(i).padEnd(950_000, ".") };
      await account.createRecord({ collection: "com.example.long", record });
    }
    const exported = await bytesOf(await account.getRepo("owner"));
    const before = await checkRepo(exported, did, key);
    const archive = inReverse(exported, 7);
    await importInTurns(did, archive, (turns) => turns === 3);
    expect(await rowsOf(did, IMPORT_TABLES)).toContainEqual({ name: "import_chunk" });
    await ring(did);
    expect(await rowsOf(did, IMPORT_TABLES)).toEqual([]);
    await accountOf(did).importRepo(stream(archive));
    const after = await checkRepo(await bytesOf(await accountOf(did).getRepo("owner")), did, key);
    expect(after.head).not.toBe(before.head);
    expect(Object.fromEntries(after.records)).toEqual(Object.fromEntries(before.records));
    expect(await rowsOf(did, IMPORT_TABLES)).toEqual([]);
  });

  test("an archive that shows only at its last record that it is bad changes nothing", async () => {
    const { did, account } = source;
    const before = await account.getLatestCommit("owner");
    const { roots, blocks } = readCar(car);
    blocks.delete(cidOfCbor(encode(jsonToLex([...records.values()].at(-1)))));
    const kept = [...blocks].map(([cid, bytes]) => ({ cid, bytes }));
    const refusal = await refusalOf(account.importRepo(stream(writeCar(roots, kept))));
    expect(refusal).toMatchObject({ error: "InvalidRequest", status: 400 });
    expect(refusal.message).toMatch(/Missing block .* of record com.example.picture/);
    expect(await account.getLatestCommit("owner")).toEqual(before);
    expect(await rowsOf(did, IMPORT_TABLES)).toEqual([]);
  });

  test("cut short at any turn, it leaves the old repo; the alarm finishes it if it was sorted, else clears it away", async () => {
    const { did, key } = await fresh();
    const outcomes: string[] = [];
    const now = Date.now.bind(Date);
    let ahead = 0;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + ahead);
    for (let at = 1, died = true; died; at++) {
      // What an import that died has borrowed is lent to the next one once it has stalled.
      ahead += 11_000;
      const before = await accountOf(did).getLatestCommit("owner");
      died = false;
      await importInTurns(did, car, (turns) => (died ||= turns === at));
      const again = accountOf(did);
      if (died) expect(await again.getLatestCommit("owner")).toEqual(before);
      await ring(did);
      expect(await rowsOf(did, IMPORT_TABLES)).toEqual([]);
      const { head, records: now } = await checkRepo(await bytesOf(await again.getRepo("owner")), did, key);
      if (head !== before.cid) expect([...now]).toEqual([...records]);
      outcomes.push(head === before.cid ? "cleared" : died ? "finished" : "not cut");
    }
    ahead += 11_000;
    lenders.archives.lend(Infinity)?.giveBack();
    clock.mockRestore();
    expect(outcomes.join()).toMatch(/^(cleared,){4,}(finished,){4,}not cut$/);
  });
});

describe("refuses, and keeps what is there:", () => {
  const key = new Uint8Array(32).fill(7);
  const tree = encode({ e: [], l: null });
  const empty = { cid: cidOfCbor(tree), bytes: tree };
  const commitOf = (did: string, data = empty.cid) => signCommit({ did, data, rev: "3kn2222222222" }, key);

  test.each<[string, (did: string) => Uint8Array, RegExp]>([
    ["garbage", () => new TextEncoder().encode("not a CAR at all"), /CAR|CBOR/],
    ["nothing", () => new Uint8Array([0]), /CAR/],
    ["two roots", (did) => writeCar([commitOf(did).cid, empty.cid], [commitOf(did), empty]), /one root/],
    ["a root that is missing", (did) => writeCar([commitOf(did).cid], [empty]), /root/],
    ["a root that is no commit", () => writeCar([empty.cid], [empty]), /commit/i],
    [
      "another account's repo",
      () => writeCar([commitOf("did:plc:other").cid], [commitOf("did:plc:other"), empty]),
      /other/,
    ],
    ["a tree that is missing", (did) => writeCar([commitOf(did).cid], [commitOf(did)]), /Missing block/],
    ["half an archive", () => car.subarray(0, car.length >> 1), /CAR/],
    ["an archive with a flipped bit", () => flipped(car), /CID|CAR|CBOR/],
  ])("%s", async (_, archive, message) => {
    const { account, did } = await newAccount();
    const before = await account.getLatestCommit("owner");
    const refusal = await refusalOf(account.importRepo(stream(archive(did))));
    expect(refusal).toMatchObject({ error: "InvalidRequest", status: 400 });
    expect(refusal.message).toMatch(message);
    expect(await account.getLatestCommit("owner")).toEqual(before);
    expect(await rowsOf(did, IMPORT_TABLES)).toEqual([]);
  });

  test("a tree of another shape than its records demand", async () => {
    const did = newDid();
    const account = accountOf(did);
    await account.create({ did, at: Date.now(), password: null });
    const record = encode({ $type: "com.example.a" });
    const value = { $link: cidOfCbor(record) };
    const leaf = encode({
      e: [{ k: toBytes(new TextEncoder().encode("com.example.a/one")), p: 0, t: null, v: value }],
      l: null,
    });
    const wrapped = encode({ e: [], l: { $link: cidOfCbor(leaf) } });
    const commit = commitOf(did, cidOfCbor(wrapped));
    const blocks = [record, leaf, wrapped].map((bytes) => ({ cid: cidOfCbor(bytes), bytes }));
    const archive = writeCar([commit.cid], [commit, ...blocks]);
    expect((await refusalOf(account.importRepo(stream(archive)))).message).toMatch(/MST/);
  });
});

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const at = copy.length - 100;
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe("bounds of an import:", () => {
  test("more than 400,000 blocks are refused as they come, repeated ones counted", async () => {
    const { account, did } = await newAccount();
    const block = encode({ junk: 1 });
    const [root = ""] = readCar(archiveOf(did, {})).roots;
    const one = writeCar([root], [{ cid: cidOfCbor(block), bytes: block }]);
    const head = writeCar([root], []);
    const section = one.subarray(head.length);
    const many = new Uint8Array(section.length * 10_000);
    for (let i = 0; i < 10_000; i++) many.set(section, i * section.length);
    let sent = 0;
    let isCancelled = false;
    const car = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(sent++ === 0 ? head : many);
        if (sent > 60) controller.close();
      },
      cancel() {
        isCancelled = true;
      },
    });
    expect((await refusalOf(account.importRepo(car))).message).toMatch(/more than 400000 blocks/);
    expect(sent).toBeLessThan(50);
    expect(isCancelled).toBe(true);
    expect(await rowsOf(did, IMPORT_TABLES)).toEqual([]);
  });

  test("twenty a day, refused ones counted, and over a restart", async () => {
    bindings.RATE_LIMITS = "on";
    try {
      const { account, did } = await newAccount();
      for (let i = 0; i < 19; i++) {
        expect((await refusalOf(account.importRepo(stream(new Uint8Array([0]))))).error).toBe(
          "InvalidRequest",
        );
      }
      await account.importRepo(stream(archiveOf(did, {})));
      await kill(did);
      const again = accountOf(did).importRepo(stream(archiveOf(did, {})));
      expect(await refusalOf(again)).toMatchObject({ error: "RateLimitExceeded", status: 429 });
    } finally {
      bindings.RATE_LIMITS = "off";
    }
  });

  test.each([
    ["a minute without a byte", 0],
    ["an hour, however steady", 30_000],
  ])("an upload breaks off after %s", async (_, every) => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "Date"] });
    try {
      let reason: unknown = null;
      const slow = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (every === 0) await new Promise(() => undefined);
          await new Promise((resolve) => setTimeout(resolve, every));
          controller.enqueue(new Uint8Array(1));
        },
        cancel: (why) => void (reason = why),
      });
      const began = Date.now();
      const ended = new Response(untilStalled(slow, new Lender(1).lendOrRefuse(1))).arrayBuffer();
      await vi.advanceTimersByTimeAsync(every === 0 ? 80_000 : 3_700_000);
      expect((await ended).byteLength).toBe(every === 0 ? 0 : 120);
      expect(reason).toBe("stalled");
      expect(Date.now() - began).toBeLessThan(3_800_000);
      expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
    } finally {
      vi.useRealTimers();
    }
  });
});
