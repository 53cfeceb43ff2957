/** What a reader or a sender makes an object hold has a bound, and those that stall make room for others. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { readCar } from "../../src/protocol/car.ts";
import { lenders } from "../../src/protocol/memory.ts";
import { archiveOf } from "../support/archive.ts";
import { type Member, bytesOf, newAccount, newMember, refusalOf } from "../support/account.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const BUSY = { error: "NotEnoughResources", status: 503 };
const THING = "com.example.thing";

/** Moves the clock on, in milliseconds. */
function clock(): (by: number) => void {
  const real = Date.now.bind(Date);
  let ahead = 0;
  vi.spyOn(Date, "now").mockImplementation(() => real() + ahead);
  return (by) => void (ahead += by);
}

/** Adds records, which a stream does not read all ahead. @returns their URIs and CIDs */
async function fill({ account }: Member, count: number, bytes: number) {
  const made = [];
  for (let i = 0; i < count; i++) {
    const record = { $type: THING, text: `${i}`.padEnd(bytes, "x") };
    made.push(await account.createRecord({ collection: THING, record }));
  }
  return made;
}

const broken = (stream: ReadableStream<Uint8Array>) =>
  new Response(stream).arrayBuffer().then(
    () => false,
    () => true,
  );

describe("exports", () => {
  test("that nobody reads make room for the next, and break off", async () => {
    const member = await newMember();
    const { account } = member;
    await fill(member, 20, 40_000);
    const move = clock();
    const stalled: ReadableStream<Uint8Array>[] = [];
    // As many as there is memory for.
    for (;;) {
      const free = lenders.exports.lend(500_000);
      if (free === null) break;
      free.giveBack();
      stalled.push(await account.getRepo("public"));
    }
    expect(stalled.length).toBeGreaterThanOrEqual(16);
    const waiting = account.getRepo("public");
    expect(await Promise.race([waiting, scheduler.wait(200).then(() => "waits")])).toBe("waits");
    move(11_000);
    expect((await bytesOf(await waiting)).byteLength).toBeGreaterThan(800_000);
    // The holder of a loan looks every second whether it has ended.
    await scheduler.wait(1_200);
    const [first, ...others] = stalled;
    expect(first && (await broken(first))).toBe(true);
    // What is read to its end, or given up, has freed its place.
    for (const stream of others) await stream.cancel().catch(() => {});
    for (let i = 0; i < 40; i++) await (await account.getRepo("public")).cancel();
  });

  test("of what writes replace meanwhile share one memory, and the write goes on", async () => {
    const member = await newMember();
    const { account } = member;
    const made = await fill(member, 12, 900_000);
    const streams = [await account.getRepo("public"), await account.getRepo("public")];
    const rest = lenders.exports.lend(5_000_000);
    for (const { uri } of made) {
      const rkey = uri.split("/").at(-1) ?? "";
      await account.putRecord({ collection: THING, rkey, record: { $type: THING, text: "short" } });
    }
    expect(await Promise.all(streams.map(broken))).toContain(true);
    rest?.giveBack();
    expect((await bytesOf(await account.getRepo("public"))).byteLength).toBeLessThan(100_000);
  });
});

describe("blocks by CID", () => {
  test("come whole, however large, though records are read as they are sent", async () => {
    const member = await newMember();
    const made = await fill(member, 10, 900_000);
    const cids = made.map(({ cid }) => cid);
    const { blocks } = readCar(await bytesOf(await member.account.getBlocks("public", cids)));
    expect([...blocks.keys()].toSorted()).toEqual(cids.toSorted());
  });

  test("break off when a record is gone before it is sent", async () => {
    const member = await newMember();
    const { account } = member;
    const made = await fill(member, 3, 900_000);
    const stream = await account.getBlocks(
      "public",
      made.map(({ cid }) => cid),
    );
    for (const { uri } of made.slice(1)) {
      await account.deleteRecord({ collection: THING, rkey: uri.split("/").at(-1) ?? "" });
    }
    expect(await broken(stream)).toBe(true);
  });

  test("are refused while others' take all memory", async () => {
    const member = await newMember();
    const [one] = await fill(member, 1, 900_000);
    const all = await lenders.reads.borrow(8_000_000);
    expect(await refusalOf(member.account.getBlocks("public", [one?.cid ?? ""]))).toMatchObject(BUSY);
    all.giveBack();
    await (await member.account.getBlocks("public", [one?.cid ?? ""])).cancel();
  });
});

describe("imports", () => {
  /** The head of an archive, and then nothing. */
  const stalling = (archive: Uint8Array) => {
    let isSent = false;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (isSent) return new Promise<void>(() => undefined);
        isSent = true;
        controller.enqueue(archive.slice(0, 200));
      },
    });
  };

  const stream = (bytes: Uint8Array) => new Blob([bytes.slice()]).stream();

  test("that stall make room for the next, and leave nothing stuck", async () => {
    const move = clock();
    const accounts = await Promise.all(Array.from({ length: 4 }, () => newAccount()));
    const archives = accounts.map(({ did }) => archiveOf(did, { "com.example.thing/a": { text: "one" } }));
    const ended = accounts.map(({ account }, i) =>
      refusalOf(account.importRepo(stalling(archives[i] ?? new Uint8Array()))),
    );
    await scheduler.wait(100);
    const late = await newAccount();
    const archive = archiveOf(late.did, { "com.example.thing/a": { text: "one" } });
    const imported = late.account.importRepo(stream(archive));
    expect(await Promise.race([imported, scheduler.wait(200).then(() => "waits")])).toBe("waits");
    move(11_000);
    await imported;
    const stalled = await Promise.race(ended);
    expect(stalled).toMatchObject({ error: "RequestTimeout", status: 408 });
    const [first] = accounts;
    await first?.account.importRepo(stream(archives[0] ?? new Uint8Array()));
    expect((await first?.account.listCollections("owner"))?.length).toBe(1);
  });
});
