/**
 * The codecs may not disagree. Ours is `@atcute/cbor` with what it lacks; `@ipld/dag-cbor` is its oracle: the
 * same bytes for the same value, and the same refusals.
 */
import { Buffer } from "node:buffer";
import * as atcute from "@atcute/cbor";
import * as dagCbor from "@ipld/dag-cbor";
import fc from "fast-check";
import { CID } from "multiformats/cid";
import { describe, expect, inject, test } from "vitest";
import { decode, decodeToJson, encode, toBytes } from "../../src/protocol/cbor.ts";
import { cidFromBytes, cidFromDigest, cidOfCbor, cidToBytes, isCid } from "../../src/protocol/cid.ts";
import { MAX_DEPTH, jsonToLex, type LexMap, type LexValue } from "../../src/protocol/data-model.ts";
import { isRefusal, must } from "../../src/protocol/refusal.ts";
import { BAD_BLOCKS } from "../flows/malformed/archives.ts";
import { toIpld } from "../../tools/bench/codecs/to-ipld.ts";
import { damaged } from "../support/damaged.ts";

const interop = inject("interop");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const parsed = <T>(name: string): T => JSON.parse(must(interop?.[name], name));

// ------------------------------------------------------------------------------------------------ the oracle

/** Whether a CID is of the one kind that atproto has. */
const isBlessed = ({ version, code, multihash }: CID) =>
  version === 1 && (code === 0x71 || code === 0x55) && multihash.code === 0x12 && multihash.size === 32;

/** The JSON form of what `@ipld/dag-cbor` has decoded; undefined where the data model is narrower than IPLD's. */
function narrowed(value: unknown, depth = 0): LexValue | undefined {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value !== "object") return undefined;
  const cid = CID.asCID(value);
  if (cid !== null) return isBlessed(cid) ? { $link: cid.toString() } : undefined;
  if (value instanceof Uint8Array)
    return { $bytes: Buffer.from(value).toString("base64").replace(/=+$/, "") };
  if (depth >= MAX_DEPTH) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => narrowed(item, depth + 1));
    return items.includes(undefined) ? undefined : items.map((item) => item ?? null);
  }
  const entries = Object.entries(value).map(([key, item]) => [key, narrowed(item, depth + 1)] as const);
  const [only] = entries;
  if (entries.some(([, item]) => item === undefined)) return undefined;
  if (entries.length === 1 && (only?.[0] === "$link" || only?.[0] === "$bytes")) return undefined;
  return Object.fromEntries(entries);
}

/**
 * What the bytes are by the oracle; undefined if they must be refused. It reads much that is not canonical
 * (other key orders and lengths, floats of whole numbers, bad UTF-8), which shows when it encodes again.
 */
function byOracle(bytes: Uint8Array): LexValue | undefined {
  try {
    const value = dagCbor.decode(bytes);
    return Buffer.compare(dagCbor.encode(value), bytes) === 0 ? narrowed(value) : undefined;
  } catch {
    return undefined;
  }
}

function byUs(bytes: Uint8Array): LexValue | undefined {
  const thrown = thrownBy(() => decodeToJson(bytes));
  if (thrown === undefined) return decodeToJson(bytes);
  expect(isRefusal(thrown)).toBe(true);
  return undefined;
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

/** The only reasons for which ours refuses what `@atcute/cbor` reads. */
const OURS_ALONE = /float|nested too deeply|map in the place of a link or bytes/;

function agree(bytes: Uint8Array): void {
  const expected = byOracle(bytes);
  expect(JSON.stringify(byUs(bytes))).toBe(JSON.stringify(expected));
  try {
    atcute.decode(bytes);
  } catch {
    expect(expected).toBeUndefined();
    return;
  }
  if (expected === undefined) expect(() => decode(bytes)).toThrow(OURS_ALONE);
}

/** Whether any map within has the key. */
const hasKey = (value: LexValue | undefined, key: string): boolean =>
  typeof value === "object" &&
  value !== null &&
  (Object.hasOwn(value, key) || Object.values(value).some((item) => hasKey(item, key)));

/**
 * Encodes a value by all three codecs; returns the bytes. `@atcute/cbor` takes no map with the key `constructor`,
 * which is why ours does not ask it to.
 */
function agreeOn(value: LexValue): Uint8Array {
  const bytes = encode(value);
  expect(hex(dagCbor.encode(toIpld(value)))).toBe(hex(bytes));
  if (!hasKey(value, "constructor")) expect(hex(atcute.encode(value))).toBe(hex(bytes));
  agree(bytes);
  return bytes;
}

// ------------------------------------------------------------------------------------------------ generators

const cid = fc
  .tuple(fc.constantFrom(0x71, 0x55), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(([codec, digest]) => cidFromDigest(codec === 0x71 ? 0x71 : 0x55, digest));
const link = cid.map((each) => ({ $link: each }));
const byteString = fc.uint8Array({ maxLength: 300 }).map((bytes) => toBytes(bytes));
const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), fc.string());
const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -70_000, max: 70_000 }),
  fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
);
const key = fc.oneof(
  { weight: 8, arbitrary: text },
  fc.constantFrom("__proto__", "constructor", "toString", "$type", "$link", "$bytes", "0", "10", "9", ""),
);

/** Any value of the data model. A map never has `$link` or `$bytes` as its one key. */
const { value: anyValue } = fc.letrec<{ value: LexValue; map: LexMap }>((tie) => ({
  value: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.constantFrom(null, true, false),
    integer,
    text,
    link,
    byteString,
    fc.array(tie("value"), { maxLength: 30 }),
    tie("map"),
  ),
  map: fc
    .array(fc.tuple(key, tie("value")), { maxLength: 40 })
    .map((entries): LexMap => Object.fromEntries(entries))
    .filter((map) => Object.keys(map).length !== 1 || !("$link" in map || "$bytes" in map)),
}));

/** CBOR heads of every kind, with arguments of every length: nearly CBOR, seldom canonical. */
const heads = fc.array(
  fc.oneof(
    fc.tuple(fc.nat(255)).map(([head]) => [head]),
    fc.tuple(fc.nat(7), fc.uint8Array({ maxLength: 8 })).map(([major, argument]) => {
      const info = { 1: 24, 2: 25, 4: 26, 8: 27 }[argument.length] ?? argument.length;
      return [(major << 5) | info, ...argument];
    }),
    fc.constantFrom([0xd8, 0x2a], [0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], [0xf9, 0x3c, 0], [0x61, 0x61]),
  ),
  { maxLength: 12 },
);

// ------------------------------------------------------------------------------------------------ tests

describe.skipIf(interop === null)("the official fixtures", () => {
  test("are the same bytes in every codec", () => {
    const fixtures = parsed<{ json: unknown; cbor_base64: string }[]>("data-model/data-model-fixtures.json");
    for (const { json, cbor_base64 } of fixtures)
      expect(hex(agreeOn(jsonToLex(json)))).toBe(hex(Buffer.from(cbor_base64, "base64")));
  });

  test("of valid data are, and of what is invalid by its lexicon alone", () => {
    const values = parsed<{ json: unknown }[]>("data-model/data-model-valid.json").map(({ json }) => json);
    const records = ["lexicon/record-data-valid.json", "lexicon/record-data-invalid.json"].flatMap((name) =>
      parsed<{ data: unknown }[]>(name).map(({ data }) => data),
    );
    const taken = [...values, ...records].filter((json) => !isRefusal(thrownBy(() => jsonToLex(json))));
    expect(taken.length).toBeGreaterThan(40);
    for (const json of taken) agreeOn(jsonToLex(json));
  });

  test("damaged, are read alike", () => {
    const fixtures = parsed<{ json: unknown }[]>("data-model/data-model-fixtures.json");
    for (const { json } of fixtures)
      fc.assert(fc.property(damaged(encode(jsonToLex(json))), agree), { numRuns: 300 });
  });
});

describe("values at random", () => {
  test("are the same bytes in every codec, and come back", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = agreeOn(value);
        expect(hex(encode(decode(bytes)))).toBe(hex(bytes));
        expect(hex(encode(decodeToJson(bytes)))).toBe(hex(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test("as JSON, too", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const thrown = thrownBy(() => jsonToLex(json));
        if (thrown === undefined) agreeOn(jsonToLex(json));
        else expect(isRefusal(thrown)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("damaged, are read alike", () => {
    const broken = anyValue.chain((value) => damaged(encode(value)));
    fc.assert(fc.property(broken, agree), { numRuns: 2000 });
  });

  test("of more keys than the fast codec sorts are in order, and soon", () => {
    const names = Array.from({ length: 40_000 }, (_, i) => `${i % 3 === 0 ? "" : "k"}${(i * 7919) % 40_000}`);
    const value = { outer: [Object.fromEntries(names.map((name) => [name, 1]))] };
    const begun = Date.now();
    const bytes = encode(value);
    expect(decodeToJson(bytes)).toEqual(value);
    // A link whose digest holds the head of a float makes the reader encode what it has read.
    const linked = { ...value, link: { $link: cidFromDigest(0x71, new Uint8Array(32).fill(0xfb)) } };
    expect(decodeToJson(encode(linked))).toEqual(linked);
    expect(Date.now() - begun).toBeLessThan(20_000);
    expect(hex(bytes)).toBe(hex(dagCbor.encode(value)));
  });
});

describe("bytes at random", () => {
  test("are read alike", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), agree), { numRuns: 5000 });
    fc.assert(
      fc.property(
        heads.map((parts) => Uint8Array.from(parts.flat())),
        agree,
      ),
      { numRuns: 5000 },
    );
  });

  test("that no archive may hold are read alike", () => {
    for (const block of BAD_BLOCKS) agree(Uint8Array.from(block));
  });

  test("nested to the bound and beyond it are read alike", () => {
    for (const depth of [MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, 1000])
      agree(new Uint8Array(depth + 1).fill(0x81, 0, depth));
  });
});

describe("a CID", () => {
  test("is the same text and bytes to multiformats", () => {
    fc.assert(
      fc.property(cid, (text) => {
        const theirs = CID.parse(text);
        expect(cidToBytes(text)).toEqual(theirs.bytes);
        expect(cidFromBytes(theirs.bytes)).toBe(theirs.toString());
      }),
    );
    const block = encode({ a: 1 });
    expect(CID.parse(cidOfCbor(block)).code).toBe(dagCbor.code);
  });

  test("is refused unless multiformats reads it, and writes the same text", () => {
    const good = cidOfCbor(encode({}));
    const character = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz234567ABCZ189=+ ".split(""));
    const broken = fc
      .array(fc.tuple(fc.nat(good.length), character), { minLength: 1, maxLength: 3 })
      .map((changes) =>
        changes.reduce((text, [at, to]) => text.slice(0, at) + to + text.slice(at + 1), good),
      );
    const byTheirs = (text: string) => {
      try {
        const theirs = CID.parse(text);
        // A CID keeps the text that it was parsed from.
        return isBlessed(theirs) && CID.decode(theirs.bytes).toString() === text;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(fc.oneof(broken, fc.string(), cid), (text) => {
        expect(isCid(text)).toBe(byTheirs(text));
      }),
      { numRuns: 2000 },
    );
  });
});
