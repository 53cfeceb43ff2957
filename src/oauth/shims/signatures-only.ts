/**
 * Replaces the ASN.1 libraries of `@simplewebauthn/server` (`ALIASES` in `bundle.ts`), which are a fifteenth of
 * the Worker. Passkeys are accepted without attestation, so no certificate is ever read. What is left is the
 * signature of an elliptic curve: two integers in a sequence (DER; RFC 3279, section 2.2.3).
 */
const SEQUENCE = 0x30;
const INTEGER = 0x02;
/** A longer length has more than one byte: P-521's signatures have 139 at most, so one such byte is enough. */
const LONG = 0x81;

/** The content of the element at a place, and where it ends. */
function elementAt(bytes: Uint8Array, start: number, tag: number): { content: Uint8Array; end: number } {
  const isLong = bytes[start + 1] === LONG;
  const length = bytes[start + (isLong ? 2 : 1)] ?? 0;
  const from = start + (isLong ? 3 : 2);
  const end = from + length;
  const isMinimal = isLong ? length >= 0x80 : length < 0x80;
  if (bytes[start] !== tag || !isMinimal || length === 0 || end > bytes.length) {
    throw new Error("Invalid signature encoding");
  }
  return { content: bytes.subarray(from, end), end };
}

function signatureOf(bytes: Uint8Array): { r: Uint8Array; s: Uint8Array } {
  const { content, end } = elementAt(bytes, 0, SEQUENCE);
  const r = elementAt(content, 0, INTEGER);
  const s = elementAt(content, r.end, INTEGER);
  if (end !== bytes.length || s.end !== content.length) throw new Error("Invalid signature encoding");
  return { r: r.content, s: s.content };
}

/** Stands in for classes that are parsed for attestation alone. */
class Unused {}

export class ECDSASigValue {}
export class BasicConstraints extends Unused {}
export class Certificate extends Unused {}
export class ECParameters extends Unused {}
export class ExtendedKeyUsage extends Unused {}
export class KeyDescription extends Unused {}
export class OctetString extends Unused {}
export class RSAPublicKey extends Unused {}
export class SubjectAlternativeName extends Unused {}

export const AsnParser = {
  /** Throws for anything but a signature. */
  parse(data: ArrayBuffer | Uint8Array, type: new () => object) {
    if (type !== ECDSASigValue) throw new Error("attestation is not checked here");
    return signatureOf(data instanceof Uint8Array ? data : new Uint8Array(data));
  },
};

/** Object identifiers of what certificates say; none is ever compared. */
const NEVER = "";
export {
  NEVER as id_ce_basicConstraints,
  NEVER as id_ce_extKeyUsage,
  NEVER as id_ce_keyDescription,
  NEVER as id_ce_subjectAltName,
  NEVER as id_ecPublicKey,
  NEVER as id_ecdsaWithSHA256,
  NEVER as id_ecdsaWithSHA384,
  NEVER as id_ecdsaWithSHA512,
  NEVER as id_ml_dsa_44,
  NEVER as id_ml_dsa_65,
  NEVER as id_ml_dsa_87,
  NEVER as id_rsaEncryption,
  NEVER as id_secp256r1,
  NEVER as id_secp384r1,
  NEVER as id_sha1WithRSAEncryption,
  NEVER as id_sha256WithRSAEncryption,
  NEVER as id_sha384WithRSAEncryption,
  NEVER as id_sha512WithRSAEncryption,
};
