/** CBOR that other hosts accepted, and how it is shown. */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { encode } from "../../src/protocol/cbor.ts";
import { decodeForeignCommit } from "../../src/protocol/commit.ts";
import type { LexMap } from "../../src/protocol/data-model.ts";
import { readForeign, showCbor } from "../../src/protocol/foreign-cbor.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const seed = Number(inject("seed"));

test.each<[string, string, unknown, string]>([
  ["a half float", "a1 61 76 f9 3e00", { v: 1.5 }, "fraction"],
  ["a float of 32 bits", "a1 61 76 fa 42520000", { v: 52.5 }, "fraction"],
  ["a float of 64 bits", "a1 61 76 fb 404a400000000000", { v: 52.5 }, "fraction"],
  ["a whole number as a float", "a1 61 76 fb 4000000000000000", { v: 2 }, "fraction"],
  ["not a number", "a1 61 76 fb 7ff8000000000000", { v: null }, "fraction"],
  ["infinity", "a1 61 76 f9 7c00", { v: null }, "fraction"],
  ["2^60", "a1 61 76 1b 1000000000000000", { v: 2 ** 60 }, "beyond 2^53"],
  ["-2^53 - 1", "a1 61 76 3b 0020000000000000", { v: -(2 ** 53) }, "beyond 2^53"],
  ["undefined", "a1 61 76 f7", { v: null }, "undefined"],
  ["another simple value", "a1 61 76 f8 ff", { v: null }, "undefined"],
  ["a number not in its shortest form", "a1 61 76 18 01", { v: 1 }, "shortest form"],
  ["keys out of order", "a2 62 6262 01 61 61 02", { bb: 1, a: 2 }, "out of order"],
  ["a key twice", "a2 61 61 01 61 61 02", { a: 2 }, "out of order"],
  ["a key that is no text", "a1 01 02", { 1: 2 }, "no text"],
  ["a lone surrogate", "a1 61 76 63 eda080", { v: "\ufffd\ufffd\ufffd" }, "broken text"],
  ["a list of open length", "a1 61 76 9f 01 02 ff", { v: [1, 2] }, "left open"],
  ["a map of open length", "bf 61 76 01 ff", { v: 1 }, "left open"],
  ["text in parts", "a1 61 76 7f 61 61 62 6263 ff", { v: "abc" }, "left open"],
  ["bytes in parts", "a1 61 76 5f 41 01 41 02 ff", { v: { $bytes: "AQI" } }, "left open"],
  ["another tag", "a1 61 76 c1 01", { v: 1 }, "a tag"],
  ["a link to another hash", "a1 61 76 d82a 45 00 01 55 00 00", { v: { $link: "bafkqaaa" } }, "another kind"],
  [
    "a link of version 0",
    `a1 61 76 d82a 5823 00 1220 ${"11".repeat(32)}`,
    {
      v: {
        $link: "bafybeiarceirceirceirceirceirceirceirceirceirceirceirceirce",
      },
    },
    "another kind",
  ],
  [
    "an object that looks like a link",
    "a1 61 76 a1 65 246c696e6b 01",
    { v: { $link: 1 } },
    "in the place of",
  ],
])("%s is shown, with a reason", (_, bytes, value, reason) => {
  const read = readForeign(hex(bytes));
  expect(read.value).toEqual(value);
  expect(read.fault).toContain(reason);
});

test("__proto__ is a key like another", () => {
  const { value } = readForeign(hex("a1 69 5f5f70726f746f5f5f fb 3ff8000000000000"));
  expect(Object.entries(value ?? {})).toEqual([["__proto__", 1.5]]);
});

test.each([
  ["nothing", ""],
  ["half a value", "a1 61 76 1b 10"],
  ["text longer than what is there", "7a ffffffff 61"],
  ["a list longer than what is there", "9a ffffffff 01"],
  ["bytes after the end", "01 01"],
  ["a break alone", "ff"],
  ["a break in a list of known length", "82 01 ff"],
  ["a break in the place of a value", "bf 61 61 ff"],
  ["a reserved head", "1c"],
  ["an integer of open length", "1f"],
  ["a tag of open length", "df 01"],
  ["text of parts that are bytes", "7f 41 01 ff"],
  ["text of parts of open length", "7f 7f 61 61 ff ff"],
  ["more nesting than any reader can take", "81".repeat(100_000)],
  ["more tags than any reader can take", "c1".repeat(100_000)],
])("%s is refused", (_, bytes) => {
  expect(() => showCbor(hex(bytes))).toThrow(/Invalid CBOR/);
});

test("what is of the data model reads as ever, and has no fault", () => {
  const value = { a: [1, "é", null, true], b: { $bytes: "AQI" }, c: -5 };
  const bytes = encode(value);
  expect(readForeign(bytes)).toEqual({ value, fault: null });
  expect(showCbor(bytes)).toEqual(value);
});

test("any bytes are shown or refused, and nothing else happens", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        JSON.stringify(showCbor(bytes));
      } catch (error) {
        expect(error).toMatchObject({ error: "InvalidRequest" });
      }
    }),
    { seed, numRuns: 2000 },
  );
});

test("a commit of another host says whose repo it is, whatever else it says", () => {
  const data = { $link: "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a" };
  const read = (fields: LexMap) =>
    decodeForeignCommit(encode({ did: "did:plc:a", data, version: 2, ...fields }));
  expect(read({})).toEqual({ did: "did:plc:a", data: data.$link, rev: "" });
  expect(read({ rev: "zzz", prev: data, note: 1 })).toMatchObject({ rev: "zzz" });
  expect(() => read({ version: 4 })).toThrow(/version/);
  expect(() =>
    read({ data: { $link: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy" } }),
  ).not.toThrow();
  expect(() => read({ data: null })).toThrow(/data/);
});
