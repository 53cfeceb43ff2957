/** The stand-in for ASN.1: it reads signatures as authenticators write them, and nothing else. */
import { p256 } from "@noble/curves/p256";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AsnParser, Certificate, ECDSASigValue } from "../../src/oauth/shims/signatures-only.ts";

const numberOf = (bytes: Uint8Array) =>
  BigInt(`0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`);
const hash = (n: number) => new Uint8Array(32).fill(n % 256).with(0, n >> 8);

test("both integers of any signature are read, with their leading zeros", () => {
  const key = p256.utils.randomPrivateKey();
  const lengths = new Set<number>();
  for (let n = 0; n < 300; n++) {
    const signature = p256.sign(hash(n), key, { prehash: false });
    const der = signature.toDERRawBytes();
    lengths.add(der.length);
    const { r, s } = AsnParser.parse(der, ECDSASigValue);
    expect([numberOf(r), numberOf(s)]).toEqual([signature.r, signature.s]);
    expect(AsnParser.parse(new Uint8Array(der).buffer, ECDSASigValue).r).toEqual(r);
  }
  expect(lengths.size).toBeGreaterThan(1);
});

test("a length of two bytes, as for the largest curve", () => {
  const integer = (first: number) => [0x02, 66, ...Array.from({ length: 66 }, () => first)];
  const content = [...integer(1), ...integer(2)];
  const { r, s } = AsnParser.parse(Uint8Array.from([0x30, 0x81, content.length, ...content]), ECDSASigValue);
  expect([r.length, r[0], s.length, s[65]]).toEqual([66, 1, 66, 2]);
});

test("whatever is cut, longer or changed in its frame is refused", () => {
  const der = p256.sign(hash(1), p256.utils.randomPrivateKey()).toDERRawBytes();
  for (let end = 0; end < der.length; end++) {
    expect(() => AsnParser.parse(der.subarray(0, end), ECDSASigValue), String(end)).toThrow(
      "Invalid signature",
    );
  }
  expect(() => AsnParser.parse(Uint8Array.from([...der, 0]), ECDSASigValue)).toThrow("Invalid signature");
  for (const place of [0, 1, 2, 3]) {
    const changed = der.with(place, (der[place] ?? 0) ^ 0x11);
    expect(() => AsnParser.parse(changed, ECDSASigValue), String(place)).toThrow("Invalid signature");
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      try {
        const { r, s } = AsnParser.parse(bytes, ECDSASigValue);
        expect(r.length + s.length).toBeLessThan(bytes.length);
      } catch (thrown) {
        expect(String(thrown)).toContain("Invalid signature");
      }
    }),
  );
});

test("a certificate is not read", () => {
  expect(() => AsnParser.parse(new Uint8Array(4), Certificate)).toThrow("attestation is not checked");
});
