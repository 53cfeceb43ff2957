/** For any bytes, a decoder answers or refuses by name. It never fails otherwise, and never hangs. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCar, readCarStream, writeCar } from "../../src/protocol/car.ts";
import { decode, decodeFirst, decodeToJson, encode, toBytes } from "../../src/protocol/cbor.ts";
import { cidOfCbor, cidToBytes, cidFromBytes } from "../../src/protocol/cid.ts";
import { decodeCommit, signCommit } from "../../src/protocol/commit.ts";
import { jsonToLex, type LexValue } from "../../src/protocol/data-model.ts";
import { decodeFrame, encodeCommitEntry, spliceSeq } from "../../src/protocol/event-frames.ts";
import { didKey, isDidKey, verify } from "../../src/protocol/keys.ts";
import { readMst } from "../../src/protocol/mst/build.ts";
import { decodeNode, encodeNode } from "../../src/protocol/mst/node.ts";
import { isRefusal } from "../../src/protocol/refusal.ts";
import { parseAtUri } from "../../src/protocol/syntax.ts";
import { damaged } from "../support/damaged.ts";

const KEY = new Uint8Array(32).fill(7);
const DID_KEY = didKey(KEY);
const did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const cid = cidOfCbor(encode({}));
const cidBytes = cidToBytes(cid);
const rev = "3jzfcijpj2z2a";
const commit = signCommit({ did, data: cid, rev }, KEY);
const car = writeCar([commit.cid], [commit]);
const node = encodeNode(["a.b.c/x", "a.b.c/y"], [cidBytes, cidBytes], (i) => (i === 1 ? cidBytes : null));
const entry = encodeCommitEntry({
  did,
  time: "2026-11-22T10:00:00.000Z",
  commit: commit.cid,
  rev,
  since: null,
  ops: [{ action: "create", path: "a.b.c/x", cid }],
  blocks: car,
});
const frame = spliceSeq(entry.frame, entry.seqAt, 5);

const answersOrRefuses = (run: () => unknown): void => {
  try {
    run();
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    expect(thrown).toMatchObject({ error: "InvalidRequest", status: 400 });
  }
};

const record = encode({
  a: [1, -5, "text", null, true, { $link: cid }, toBytes(new Uint8Array([1, 2]))],
  bb: { c: "ü".repeat(20) },
});

const decoders: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
  ["decode", record, decode],
  ["decodeToJson", record, decodeToJson],
  ["decodeFirst", record, decodeFirst],
  ["readCar", car, readCar],
  ["decodeCommit", commit.bytes, decodeCommit],
  ["decodeNode", node, decodeNode],
  ["readMst", node, (bytes) => [...readMst(cid, () => bytes)]],
  ["decodeFrame", frame, decodeFrame],
  ["cidFromBytes", cidBytes, cidFromBytes],
];

describe("bytes at random and good bytes damaged", () => {
  test.each(decoders)("%s", (_, good, run) => {
    const numRuns = 400;
    answersOrRefuses(() => run(good));
    fc.assert(
      fc.property(damaged(good), (bytes) => answersOrRefuses(() => run(bytes))),
      { numRuns },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => answersOrRefuses(() => run(bytes))),
      { numRuns },
    );
  });

  test("readCarStream", async () => {
    const run = async (bytes: Uint8Array, part: number) => {
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += part) controller.enqueue(bytes.slice(at, at + part));
          controller.close();
        },
      });
      try {
        const { blocks } = await readCarStream(stream);
        for await (const _block of blocks);
      } catch (thrown) {
        if (!isRefusal(thrown)) throw thrown;
      }
    };
    await fc.assert(fc.asyncProperty(damaged(car), fc.integer({ min: 1, max: 90 }), run), { numRuns: 100 });
  });

  test("what decodes is canonical: it encodes to the same bytes", () => {
    const same = (bytes: Uint8Array) => {
      let value: LexValue;
      try {
        value = decode(bytes);
      } catch {
        return;
      }
      expect(encode(value)).toEqual(bytes);
    };
    fc.assert(fc.property(damaged(record), same), { numRuns: 500 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), same), { numRuns: 2000 });
  });
});

describe("JSON and text at random", () => {
  test("records that pass come back the same", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) =>
        answersOrRefuses(() => {
          const value = jsonToLex(json);
          expect(JSON.stringify(sorted(decodeToJson(encode(value))))).toBe(JSON.stringify(sorted(value)));
        }),
      ),
      { numRuns: 500 },
    );
  });

  test("texts", () => {
    const texts = fc.oneof(
      fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
      fc.string().map((text) => `at://${text}`),
      fc.string().map((text) => `did:key:z${text}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        answersOrRefuses(() => parseAtUri(text));
        expect(isDidKey(text)).toBe(false);
        answersOrRefuses(() => cidToBytes(text));
      }),
      { numRuns: 200 },
    );
  });

  test("signatures", async () => {
    const verdict = async (sig: Uint8Array) => {
      expect(await verify(DID_KEY, record, sig)).toBe(false);
    };
    for (const [minLength, maxLength] of [
      [0, 72],
      [64, 64],
    ] as const) {
      const sig = fc.uint8Array({ minLength, maxLength });
      await fc.assert(fc.asyncProperty(sig, verdict), { numRuns: 60 });
    }
  });
});

/** Sorts keys, so that JSON texts can be compared; `-0` is 0 in CBOR. */
function sorted(value: LexValue | undefined): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value === 0 ? 0 : value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, sorted(item)]);
}
