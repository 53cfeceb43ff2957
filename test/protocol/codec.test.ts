/** DAG-CBOR, the data model, CIDs, TIDs, keys and commits. */
import { Buffer } from "node:buffer";
import type { Bytes } from "@atcute/cbor";
import { P256Keypair, Secp256k1Keypair } from "@atproto/crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode, decodeFirst, decodeToJson, encode, fromBytes, toBytes } from "../../src/protocol/cbor.ts";
import {
  cidBytesOfCbor,
  cidFromBytes,
  cidOfCbor,
  cidOfRaw,
  cidToBytes,
  isCid,
  rawCidFromDigest,
  sameBytes,
  sha256,
} from "../../src/protocol/cid.ts";
import { decodeCommit, signCommit } from "../../src/protocol/commit.ts";
import { jsonToLex, MAX_DEPTH, type LexMap, type LexValue } from "../../src/protocol/data-model.ts";
import { didKey, generateKey, importKey, isDidKey, sign, verify } from "../../src/protocol/keys.ts";
import { parseAtUri, ensureHandle, isRecordPath } from "../../src/protocol/syntax.ts";
import {
  isTid,
  nextTid,
  tidFromBigInt,
  tidFromMicros,
  tidToBigInt,
  tidToMicros,
} from "../../src/protocol/tid.ts";
import { verifyCommit } from "../support/commit.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const refusal = { error: "InvalidRequest", status: 400 };
const thrownBy = (run: () => unknown): unknown => {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  return null;
};
const nested = (depth: number): LexValue => {
  let value: LexValue = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
};

const KEY = new Uint8Array(32).fill(7);
const DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";

describe("DAG-CBOR", () => {
  test.each<[LexValue, string]>([
    [0, "00"],
    [23, "17"],
    [24, "1818"],
    [255, "18ff"],
    [256, "190100"],
    [65535, "19ffff"],
    [65536, "1a00010000"],
    [4294967295, "1affffffff"],
    [4294967296, "1b0000000100000000"],
    [Number.MAX_SAFE_INTEGER, "1b001fffffffffffff"],
    [-0, "00"],
    [-1, "20"],
    [-25, "3818"],
    [Number.MIN_SAFE_INTEGER, "3b001ffffffffffffe"],
    [null, "f6"],
    [true, "f5"],
    [false, "f4"],
    ["", "60"],
    ["ü水𐅑", "69c3bce6b0b4f0908591"],
    [[], "80"],
    [{}, "a0"],
    [{ $bytes: "AQID" }, "43010203"],
    [{ $bytes: "AQ==" }, "4101"],
    [toBytes(new Uint8Array([1, 2, 3])), "43010203"],
    [{ b: 1, aa: 2, a: 3 }, "a3616103616201626161 02"],
    [{ a: undefined, b: 1 }, "a1616201"],
    // Keys sort by their UTF-8 bytes: U+FFFD comes before a surrogate pair, unlike in UTF-16 order.
    [{ 𐅑: 1, "�a": 2 }, "a264efbfbd610264f090859101"],
  ])("%j is %s", (value, expected) => {
    const bytes = encode(value);
    expect(toHex(bytes)).toBe(expected.replaceAll(" ", ""));
    expect(encode(decode(bytes))).toEqual(bytes);
  });

  test.each([
    ["", "unexpected end"],
    ["1817", "non-canonical"],
    ["190017", "non-canonical"],
    ["1a0000ffff", "non-canonical"],
    ["1b00000000ffffffff", "non-canonical"],
    ["5801ff", "non-canonical"],
    ["1b0020000000000000", "safe integer"],
    ["1bffffffffffffffff", "safe integer"],
    ["3b001fffffffffffff", "safe integer"],
    ["f93c00", "simple value"],
    ["fa3f800000", "simple value"],
    ["fb3ff0000000000000", "float"],
    ["fb3ff8000000000000", "float"],
    ["fb8000000000000000", "float"],
    ["fb4340000000000000", "float"],
    ["fb7ff8000000000000", "NaN"],
    ["a26161fb3ff000000000000061621818", "float"],
    ["f7", "simple value"],
    ["f818", "simple value"],
    ["9fff", "argument"],
    ["bfff", "argument"],
    ["7fff", "argument"],
    ["5fff", "argument"],
    ["1c", "argument"],
    ["ff", "simple value"],
    ["0000", "after the end"],
    ["a2616201616101", "canonical order"],
    ["a26161016161 02", "canonical order"],
    ["a262616101616202", "canonical order"],
    ["a1f501", "string keys"],
    ["61ff", "decode"],
    ["62c328", "decode"],
    ["63eda080", "decode"],
    ["63efbb", "unexpected end"],
    ["8301", "unexpected end"],
    ["9b001fffffffffffff", "unexpected end"],
    ["bb001fffffffffffff", "unexpected end"],
    ["5b001fffffffffffff", "unexpected end"],
    ["c000", "tag; got 0"],
    ["d82a00", "cid-link"],
    ["d82a5824 0171122000", "unexpected end"],
    ["d82a582501", "unexpected end"],
    [`d82a582501${"00".repeat(36)}`, "cid"],
    [`d82a582500${"00".repeat(36)}`, "cid"],
    [`d82a582500 0170 1220 ${"00".repeat(32)}`, "cid"],
    [`a1652462797465736101`, "unexpected end|place of"],
    ["a1652462797465736101".replace("652462", "662462"), "place of"],
  ])("refuses %s", (bytes, why) => {
    const thrown = thrownBy(() => decode(hex(bytes)));
    expect(thrown).toMatchObject(refusal);
    expect(String(thrown)).toMatch(new RegExp(why));
  });

  test("keeps a byte order mark in a string", () => {
    const text = "\ufeffabc".padEnd(40, "é");
    expect(decode(encode(text))).toBe(text);
  });

  test("long and mixed strings come back", () => {
    for (const length of [23, 24, 85, 86, 255, 256, 257, 21_845, 65_535, 65_536, 100_000])
      for (const unit of ["a", "é", "€", "😀", "aé"]) {
        const text = unit.repeat(length);
        expect(decode(encode([text, text]))).toEqual([text, text]);
      }
  });

  test("__proto__ is a key like any other", () => {
    const value: LexValue = JSON.parse('{"__proto__": {"a": 1}, "b": 2}');
    const back = decodeToJson(encode(value));
    expect(JSON.stringify(back)).toBe('{"b":2,"__proto__":{"a":1}}');
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  });

  test.each(["k", "ü"])("orders many keys as it orders few, however many: %s", (letter) => {
    const names = Array.from({ length: 30_000 }, (_, i) => `${letter}${(i * 7919) % 30_000}`);
    const bytes = encode(Object.fromEntries(names.map((name) => [name, 1])));
    const sorted = names.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
    expect(Object.keys(decodeToJson(bytes) ?? {}).join()).toBe(sorted.join());
  });

  test("takes the first value and leaves the rest", () => {
    const rest = encode({ b: [1, 2] });
    const [first, after] = decodeFirst(Buffer.concat([encode({ a: 1 }), rest]));
    expect(first).toEqual({ a: 1 });
    expect(sameBytes(after, rest)).toBe(true);
  });

  test("byte strings are views on decoding, and $bytes in JSON", () => {
    const bytes = encode({ a: toBytes(new Uint8Array([255, 254])) });
    const { a } = decode(bytes) as { a: Bytes };
    expect(fromBytes(a)).toEqual(new Uint8Array([255, 254]));
    expect(fromBytes(a).buffer).toBe(bytes.buffer);
    expect(decodeToJson(bytes)).toEqual({ a: { $bytes: "//4" } });
  });

  test(`goes ${MAX_DEPTH} levels deep and no deeper`, () => {
    const deepest = encode(nested(MAX_DEPTH));
    expect(encode(decode(deepest))).toEqual(deepest);
    const deeper = Buffer.concat([new Uint8Array([0x81]), deepest]);
    expect(() => decode(deeper)).toThrow("nested too deeply");
    const endless = new Uint8Array(100_001).fill(0x81, 0, 100_000);
    expect(() => decode(endless)).toThrow("nested too deeply");
  });

  test.each<[string, unknown]>([
    ["an unsafe integer", 2 ** 53],
    ["NaN", Number.NaN],
    ["a function", () => 1],
    ["a bad link", { $link: "nonsense" }],
    ["a link that is no string", { $link: 1 }],
    ["bad bytes", { $bytes: "?" }],
  ])("never encodes %s", (_, value) => {
    expect(() => encode(value as LexValue)).toThrow(/./);
    // A failure in the middle does not affect the next call.
    expect(toHex(encode({ a: 1 }))).toBe("a1616101");
  });
});

describe("record JSON", () => {
  const cid = cidOfRaw(new Uint8Array([1]));
  const blob = { $type: "blob", ref: { $link: cid }, mimeType: "image/png", size: 1 };

  test("goes in and comes out as it is", () => {
    const record = {
      $type: "app.bsky.feed.post",
      text: "hello 👋",
      tags: ["a", null, [true]],
      via: { $link: cid },
      raw: { $bytes: "AQID" },
      embed: { images: [{ image: blob, alt: "" }] },
    };
    expect(decodeToJson(encode(jsonToLex(record)))).toEqual(record);
  });

  test.each<[string, unknown, string]>([
    ["null", null, "not an object"],
    ["an array", [], "not an object"],
    ["a string", "a", "not an object"],
    ["a float", { a: [0, { b: 1.5 }] }, "floats are not allowed at a/1/b"],
    ["an integer beyond 2^53", { a: 2 ** 53 }, "integer beyond 2^53 at a"],
    ["1e400", JSON.parse('{"a": 1e400}'), "floats are not allowed at a"],
    ["a lone surrogate", { a: "\udc00" }, "lone surrogate in a string at a"],
    ["a lone surrogate in a key", { "\udc00": 1 }, "lone surrogate in a key"],
    ["a link in its place", { $link: cid }, "link or bytes"],
    ["bytes in its place", { $bytes: "AQID" }, "link or bytes"],
    ["a CID of version 0", { a: { $link: `Qm${"a".repeat(44)}` } }, "invalid $link at a"],
    ["null as $link", { a: { $link: null } }, "invalid $link at a"],
    ["null as $bytes", { a: { $bytes: null } }, "invalid $bytes at a"],
    ["base64url as $bytes", { a: { $bytes: "_-_-" } }, "invalid $bytes at a"],
    ["an empty $type", { $type: "" }, "$type"],
    ["an empty $type within", { a: { $type: "" } }, "$type must be a string that is not empty at a"],
    ["a blob of a record's CID", { a: { ...blob, ref: { $link: cidOfCbor(encode({})) } } }, "ref at a"],
    ["a blob of negative size", { a: { ...blob, size: -1 } }, "size at a"],
    ["a blob with more fields", { a: { ...blob, more: 1 } }, "unknown fields at a"],
    ["too deep a nest", { a: nested(MAX_DEPTH) }, "nested too deeply"],
  ])("is refused: %s", (_, json, why) => {
    const thrown = thrownBy(() => jsonToLex(json));
    expect(thrown).toMatchObject(refusal);
    expect(String(thrown)).toContain(why);
  });

  test("is nested as deep as its bytes may be", () => {
    const deepest = { a: nested(MAX_DEPTH - 1) };
    expect(decodeToJson(encode(jsonToLex(deepest)))).toEqual(deepest);
  });
});

describe("a CID", () => {
  const text = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq";

  test("comes back from its bytes", () => {
    expect(cidFromBytes(cidToBytes(text))).toBe(text);
    for (let i = 0; i < 100; i++) {
      const bytes = cidBytesOfCbor(new Uint8Array([i]));
      expect(cidToBytes(cidFromBytes(bytes))).toEqual(bytes);
    }
    expect(cidOfRaw(new Uint8Array())).toBe(rawCidFromDigest(sha256(new Uint8Array())));
  });

  test("is one spelling alone", () => {
    expect(isCid(text)).toBe(true);
    for (const other of [
      text.toUpperCase(),
      ` ${text}`,
      `${text.slice(0, -1)}r`,
      text.slice(0, -1),
      `${text}a`,
      text.replace("bafyrei", "bafybei"),
      text.replace("bafyrei", "bafyrej"),
      "",
      null,
    ])
      expect(isCid(other)).toBe(false);
    expect(thrownBy(() => cidToBytes("x"))).toMatchObject(refusal);
    expect(thrownBy(() => cidFromBytes(new Uint8Array(36)))).toMatchObject(refusal);
    expect(thrownBy(() => cidFromBytes(new Uint8Array(3)))).toMatchObject(refusal);
  });
});

describe("a TID", () => {
  test("holds its microseconds", () => {
    expect(tidFromMicros(1721862000000000, 0)).toBe("3ky2syhtj2222");
    for (const micros of [0, 1, 1.7e15, 2 ** 53 - 1]) {
      expect(isTid(tidFromMicros(micros, 1023))).toBe(true);
      expect(tidToMicros(tidFromMicros(micros, 7))).toBe(micros);
    }
  });

  test("rises, whatever the clock does", () => {
    const first = nextTid(1.7e15, null, 5);
    const second = nextTid(1.7e15, first, 5);
    const third = nextTid(0, second, 5);
    expect(first < second && second < third).toBe(true);
    expect(nextTid(1.8e15, third)).toBe(tidFromMicros(1.8e15));
    expect(nextTid(1.7e15, tidFromMicros(1.7e15, 1023), 0) > tidFromMicros(1.7e15, 1023)).toBe(true);
  });

  test("sorts as a number as it does as text", () => {
    const tids = ["2222222222222", "3jzfcijpj2z2a", "3jzfcijpj2z2b", "jzzzzzzzzzzzz"];
    for (const tid of tids) expect(tidFromBigInt(tidToBigInt(tid))).toBe(tid);
    const numbers = tids.map(tidToBigInt);
    expect(numbers).toEqual(numbers.toSorted((a, b) => (a < b ? -1 : 1)));
  });
});

describe("a key", () => {
  const message = new TextEncoder().encode("a message");

  test("signs in 64 bytes, low-S, always alike, and verifies", async () => {
    const signature = sign(KEY, message);
    expect(signature.length).toBe(64);
    expect(sign(KEY, message)).toEqual(signature);
    expect((signature[32] ?? 255) < 0x80).toBe(true);
    expect(await verify(didKey(KEY), message, signature)).toBe(true);
  });

  test("is the library's: same did:key, same signature", async () => {
    const secret = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((bytes) => bytes.some(Boolean));
    const same = async (bytes: Uint8Array, text: Uint8Array) => {
      const pair = await Secp256k1Keypair.import(bytes);
      expect(didKey(bytes)).toBe(pair.did());
      expect(sign(bytes, text)).toEqual(await pair.sign(text));
    };
    await fc.assert(fc.asyncProperty(secret, fc.uint8Array(), same), { numRuns: 20 });
  });

  test("is made at random, and read from hex of either case", async () => {
    const made = await generateKey();
    expect(made.length).toBe(32);
    expect(await generateKey()).not.toEqual(made);
    for (const hexadecimal of [toHex(made), toHex(made).toUpperCase()])
      expect((await importKey(hexadecimal)).did()).toBe(didKey(made));
    for (const bad of ["", "00".repeat(32), "ff".repeat(32), "07".repeat(31), "g".repeat(64)])
      await expect(importKey(bad)).rejects.toThrow(/./);
  });

  test("does not verify what was tampered with", async () => {
    const signature = sign(KEY, message);
    const key = didKey(KEY);
    expect(await verify(key, new TextEncoder().encode("another"), signature)).toBe(false);
    for (const i of [0, 31, 32, 63]) {
      const other = Uint8Array.from(signature);
      other[i] = (other[i] ?? 0) ^ 1;
      expect(await verify(key, message, other)).toBe(false);
    }
    for (const bytes of [
      new Uint8Array(64),
      new Uint8Array(64).fill(255),
      new Uint8Array(63),
      new Uint8Array(),
    ])
      expect(await verify(key, message, bytes)).toBe(false);
  });

  test("verifies by one algorithm alone, if told which", async () => {
    const pair = await P256Keypair.create();
    const signature = await pair.sign(message);
    expect(await verify(pair.did(), message, signature, { jwtAlg: "ES256" })).toBe(true);
    expect(await verify(pair.did(), message, signature, { jwtAlg: "ES256K" })).toBe(false);
  });

  test("is refused when malformed, at once", async () => {
    const key = didKey(KEY);
    for (const bad of [
      "",
      "did:key:",
      "did:key:z",
      `${key}1`,
      key.slice(0, -1),
      key.replace("did:key:", ""),
      "did:key:z0OIl",
      `did:key:z${"1".repeat(35)}`,
      `did:key:z${"z".repeat(1_000_000)}`,
    ]) {
      expect(isDidKey(bad), bad.slice(0, 100)).toBe(false);
      expect(await verify(bad, message, sign(KEY, message))).toBe(false);
    }
    expect(isDidKey(key)).toBe(true);
  });
});

describe("a commit", () => {
  const data = cidOfCbor(encode({}));
  const rev = "3jzfcijpj2z2a";
  const signed = signCommit({ did: DID, data, rev }, KEY);

  test("is of version 3, with prev null, signed by the key", async () => {
    expect(cidOfCbor(signed.bytes)).toBe(signed.cid);
    expect(decode(signed.bytes)).toMatchObject({ did: DID, version: 3, prev: null, rev });
    expect(await verifyCommit(signed.bytes, DID, didKey(KEY))).toMatchObject({ did: DID, data, rev });
    expect(signCommit({ did: DID, data: cidToBytes(data), rev }, KEY)).toEqual(signed);
  });

  test("is refused with a field missing or wrong", () => {
    const fields = decode(signed.bytes) as LexMap;
    for (const wrong of [
      { version: 2 },
      { did: 1 },
      { did: undefined },
      { rev: "x" },
      { data: undefined },
      { data: "x" },
      { sig: undefined },
      { sig: "x" },
      { prev: "x" },
    ])
      expect(thrownBy(() => decodeCommit(encode({ ...fields, ...wrong })))).toMatchObject(refusal);
    expect(thrownBy(() => decodeCommit(encode([])))).toMatchObject(refusal);
  });
});

describe("an AT URI", () => {
  test("comes apart", () => {
    expect(parseAtUri(`at://${DID}/app.bsky.feed.post/3k`)).toEqual({
      repo: DID,
      collection: "app.bsky.feed.post",
      rkey: "3k",
    });
    expect(parseAtUri("at://alice.test")).toEqual({ repo: "alice.test" });
    for (const bad of ["", "at://", `at://${DID}/`, `at://${DID}#/x`, "https://a.test"])
      expect(thrownBy(() => parseAtUri(bad))).toMatchObject(refusal);
  });

  test("names a record by its path", () => {
    expect(isRecordPath("app.bsky.feed.post/3k")).toBe(true);
    for (const bad of ["app.bsky.feed.post", "app.bsky.feed.post/", "/3k", "a/b", "a.b.c/d/e", "a.b.c/.."])
      expect(isRecordPath(bad)).toBe(false);
  });

  test("a handle is lower case in its normal form", () => {
    expect(ensureHandle("Alice.Test")).toBe("alice.test");
    expect(thrownBy(() => ensureHandle("alice"))).toMatchObject(refusal);
  });
});
