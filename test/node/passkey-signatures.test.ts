/** The stand-in for ASN.1 beside the libraries whose place it takes: it reads no signature that they read otherwise. */
import { createRequire } from "node:module";
import { p256 } from "@noble/curves/p256";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AsnParser, ECDSASigValue } from "../../src/oauth/shims/signatures-only.ts";

interface Parser {
  parse(bytes: Uint8Array, type: unknown): { r: ArrayBuffer; s: ArrayBuffer };
}

const theirs = createRequire(createRequire(import.meta.url).resolve("@simplewebauthn/server"));
const { AsnParser: TheirParser } = theirs("@peculiar/asn1-schema") as { AsnParser: Parser };
const { ECDSASigValue: TheirValue } = theirs("@peculiar/asn1-ecc") as { ECDSASigValue: unknown };

/** Both integers as the library reads them, in hex; null if it refuses. */
function read(parse: () => { r: Uint8Array | ArrayBuffer; s: Uint8Array | ArrayBuffer }): string[] | null {
  try {
    const { r, s } = parse();
    return [r, s].map((part) => Buffer.from(new Uint8Array(part)).toString("hex"));
  } catch {
    return null;
  }
}

const ours = (bytes: Uint8Array) => read(() => AsnParser.parse(bytes, ECDSASigValue));
const their = (bytes: Uint8Array) => read(() => TheirParser.parse(bytes, TheirValue));

const key = p256.utils.randomPrivateKey();
const genuine = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((hash) => p256.sign(hash, key).toDERRawBytes());
/** A genuine signature with some bytes changed, taken away or put in. */
const spoilt = fc
  .tuple(genuine, fc.array(fc.tuple(fc.nat(75), fc.nat(255), fc.nat(2)), { maxLength: 3 }))
  .map(([der, changes]) => {
    const bytes = [...der];
    for (const [place, byte, how] of changes)
      bytes.splice(place % bytes.length, how === 0 ? 1 : how - 1, byte);
    return Uint8Array.from(bytes);
  });
/** Elements with lengths that fit or not. */
const built = fc
  .array(fc.tuple(fc.constantFrom(2, 2, 2, 3, 0x30), fc.uint8Array({ maxLength: 70 }), fc.nat(9)), {
    maxLength: 3,
  })
  .map((parts) => {
    const content = parts.flatMap(([tag, value, off]) => [tag, value.length + (off === 0 ? 1 : 0), ...value]);
    return Uint8Array.from([0x30, ...(content.length < 0x80 ? [] : [0x81]), content.length, ...content]);
  });

test("what both read is the same, and it reads nothing that they refuse", () => {
  let read = 0;
  const property = (bytes: Uint8Array) => {
    const found = ours(bytes);
    if (found === null) return;
    read++;
    expect(their(bytes)).toEqual(found);
  };
  for (const kind of [genuine, spoilt, built]) fc.assert(fc.property(kind, property), { numRuns: 500 });
  expect(read).toBeGreaterThan(500);
});
