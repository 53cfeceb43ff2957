import { describe, expect, test } from "vitest";
import { CHUNK_BYTES, carStream, readCar, readCarStream, writeCar } from "../../src/protocol/car.ts";
import { encode } from "../../src/protocol/cbor.ts";
import { cidBytesOfCbor, cidFromBytes, cidOfCbor, cidOfRaw } from "../../src/protocol/cid.ts";
import { must } from "../../src/protocol/refusal.ts";

const block = (size: number, n: number) => {
  const bytes = encode({ n, pad: "x".repeat(size) });
  return { cid: cidBytesOfCbor(bytes), bytes };
};
const blocks = (count: number, size = 100) => Array.from({ length: count }, (_, n) => block(size, n));
const ROOT = cidOfCbor(encode({ root: true }));
const refusal = { error: "InvalidRequest", status: 400 };

/** A stream that yields `bytes` in chunks of `size`. */
function streamOf(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

const join = async (stream: ReadableStream<Uint8Array>) =>
  new Uint8Array(await new Response(stream).arrayBuffer());

describe("an archive in memory", () => {
  test("comes back with roots and blocks", () => {
    const all = blocks(50);
    const car = writeCar([ROOT, must(all[0], "block").cid], all);
    const read = readCar(car);
    expect(read.roots).toEqual([ROOT, cidFromBytes(must(all[0], "block").cid)]);
    expect([...read.blocks.keys()]).toEqual(all.map(({ cid }) => cidFromBytes(cid)));
    expect([...read.blocks.values()]).toEqual(all.map(({ bytes }) => bytes));
    expect(readCar(writeCar([], [])).blocks.size).toBe(0);
  });

  test("takes CIDs as strings, and raw blocks", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const cid = cidOfRaw(bytes);
    expect(readCar(writeCar([cid], [{ cid, bytes }])).blocks.get(cid)).toEqual(bytes);
  });

  const good = writeCar([ROOT], blocks(3));
  const header = writeCar([ROOT], []);
  const varint = (...bytes: number[]) => Uint8Array.from([...header, ...bytes]);
  test.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["a cut header", good.subarray(0, 20)],
    ["a cut block", good.subarray(0, good.length - 1)],
    ["a cut length", varint(0x80)],
    ["an empty section", varint(0)],
    ["a length not in its shortest form", varint(0x80, 0)],
    ["a length without end", varint(...Array.from({ length: 20 }, () => 0xff))],
    ["a section without a CID", varint(3, 1, 2, 3)],
    [
      "a block that is not its CID's",
      Uint8Array.from(good, (byte, i) => (i === good.length - 1 ? byte ^ 1 : byte)),
    ],
    ["version 2", Uint8Array.from([10, 0xa1, 0x67, ...new TextEncoder().encode("version"), 2])],
    ["a header that is no map", Uint8Array.from([1, 0x80])],
    ["a header that is not CBOR", Uint8Array.from([1, 0xff])],
    [
      "a root that is no link",
      (() => {
        const head = encode({ roots: ["x"], version: 1 });
        return Uint8Array.from([head.length, ...head]);
      })(),
    ],
    [
      "no roots",
      (() => {
        const head = encode({ version: 1 });
        return Uint8Array.from([head.length, ...head]);
      })(),
    ],
  ])("is refused: %s", async (_, car) => {
    const streamed = async () => {
      const { blocks: read } = await readCarStream(streamOf(car, 7));
      for await (const _block of read);
    };
    expect(() => readCar(car)).toThrow(expect.objectContaining(refusal));
    await expect(streamed()).rejects.toMatchObject(refusal);
  });

  test("is refused over its limits", () => {
    expect(() => readCar(good, { maxBytes: 100 })).toThrow("more than 100 bytes");
    expect(() => readCar(good, { maxBlockBytes: 50 })).toThrow(expect.objectContaining(refusal));
  });
});

describe("an archive as a stream", () => {
  test("is the same bytes, in chunks of 64 KiB or more", async () => {
    const all = blocks(2000, 200);
    const whole = writeCar([ROOT], all);
    expect(await join(carStream([ROOT], all))).toEqual(whole);
    const reader = carStream([ROOT], all).getReader({ mode: "byob" });
    const sizes: number[] = [];
    for (;;) {
      const { value, done } = await reader.read(new Uint8Array(200_000));
      if (done || value === undefined) break;
      sizes.push(value.length);
    }
    expect(sizes.length).toBeGreaterThan(3);
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThanOrEqual(CHUNK_BYTES);
  });

  test("takes blocks larger than a chunk, and from an asynchronous source", async () => {
    async function* source() {
      for (const one of [block(10, 1), block(300_000, 2), block(10, 3)]) {
        await Promise.resolve();
        yield one;
      }
    }
    const whole = writeCar([ROOT], [block(10, 1), block(300_000, 2), block(10, 3)]);
    expect(await join(carStream([ROOT], source()))).toEqual(whole);
    expect(await join(carStream([ROOT], []))).toEqual(writeCar([ROOT], []));
  });

  test("pulls no more than is read, and ends its source when cancelled", async () => {
    let pulled = 0;
    let ended = false;
    function* source() {
      try {
        for (;;) yield block(1000, pulled++);
      } finally {
        ended = true;
      }
    }
    const reader = carStream([ROOT], source()).getReader();
    await reader.read();
    expect(pulled).toBeLessThan(140);
    await reader.cancel();
    await scheduler.wait(1);
    expect(ended).toBe(true);
  });

  test("fails where its source fails", async () => {
    function* source() {
      yield block(10, 1);
      throw new Error("gone");
    }
    await expect(join(carStream([ROOT], source()))).rejects.toThrow("gone");
  });

  test.each([1, 13, 1000, 1 << 20])("is read in parts of %i bytes", async (size) => {
    const all = blocks(40);
    const { roots, blocks: read } = await readCarStream(streamOf(writeCar([ROOT], all), size));
    expect(roots).toEqual([ROOT]);
    const seen = [];
    for await (const one of read) seen.push({ cid: one.cid.slice(), bytes: one.bytes.slice() });
    expect(seen).toEqual(all);
  });

  test("stops at its limit without reading on, and cancels what it leaves", async () => {
    let cancelled = false;
    const endless = (first: Uint8Array) =>
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(first),
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        cancel: () => {
          cancelled = true;
        },
      });
    const { blocks: read } = await readCarStream(endless(writeCar([ROOT], blocks(2))));
    for await (const _one of read) break;
    expect(cancelled).toBe(true);
    const huge = Uint8Array.from([...writeCar([ROOT], []), 0xff, 0xff, 0xff, 0xff, 0x0f]);
    const { blocks: over } = await readCarStream(endless(huge));
    await expect(over.next()).rejects.toMatchObject(refusal);
    const long = await readCarStream(streamOf(writeCar([ROOT], blocks(5000)), 65_536), { maxBytes: 200_000 });
    const drain = async () => {
      for await (const _one of long.blocks);
    };
    await expect(drain()).rejects.toThrow("more than 200000 bytes");
  });
});
