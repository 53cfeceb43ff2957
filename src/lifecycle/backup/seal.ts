/**
 * Secrets sealed for the owner's key, which the host does not have: ECIES over P-256, by WebCrypto alone.
 *
 *   key     = HKDF-SHA-256(ECDH(ephemeral, owner), salt: ephemeral ‖ owner, info: "atoll-backup/1"), 32 bytes
 *   sealed  = base64url(1 ‖ ephemeral (65) ‖ nonce (12) ‖ AES-256-GCM(key, nonce, text, AAD: context))
 *
 * Public keys are uncompressed points of 65 bytes. The context says what a text is, so that none can be put in
 * another's place.
 */
import { Buffer } from "node:buffer";

const VERSION = 1;
const CURVE = { name: "ECDH", namedCurve: "P-256" };
export const POINT_BYTES = 65;
export const NONCE_BYTES = 12;
const INFO = new TextEncoder().encode("atoll-backup/1");

type Bytes = Uint8Array<ArrayBuffer>;

export function joined(...parts: Uint8Array[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

const toBase64Url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const fromBase64Url = (text: string): Bytes => new Uint8Array(Buffer.from(text, "base64url"));

const importPublic = (point: Bytes): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", point, CURVE, true, []);

/** The public key as bytes. Throws unless it is a point of the curve. */
export async function readPublicKey(text: string): Promise<Bytes> {
  const point = fromBase64Url(text);
  if (point.byteLength !== POINT_BYTES) throw new Error("no public key of 65 bytes");
  await importPublic(point);
  return point;
}

/** The key for what one pair of keys has in common. */
export async function commonKey(secret: CryptoKey, other: Bytes, salt: Bytes): Promise<CryptoKey> {
  // The peer's key goes under a name that is reserved where Workers' types were made.
  const peer: { name: string } = Object.assign({ name: "ECDH" }, { public: await importPublic(other) });
  const shared = await crypto.subtle.deriveBits(peer, secret, 256);
  const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt, info: INFO },
    base,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

const contextBytes = (context: string): Bytes => new Uint8Array(new TextEncoder().encode(context));

/** Seals any number of texts with one pair of keys, which is forgotten with it. */
export class Sealer {
  readonly #key: CryptoKey;
  readonly #ephemeral: Bytes;

  private constructor(key: CryptoKey, ephemeral: Bytes) {
    this.#key = key;
    this.#ephemeral = ephemeral;
  }

  /** @param publicKey of the owner; throws if it is none */
  static async for(publicKey: string): Promise<Sealer> {
    const owner = await readPublicKey(publicKey);
    const pair = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
    if (!("privateKey" in pair)) throw new Error("no pair of keys");
    const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
    if (!(raw instanceof ArrayBuffer)) throw new Error("no raw key");
    const ephemeral = new Uint8Array(raw);
    return new Sealer(await commonKey(pair.privateKey, owner, joined(ephemeral, owner)), ephemeral);
  }

  async seal(text: string, context: string): Promise<string> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv: nonce, additionalData: contextBytes(context) },
      this.#key,
      new TextEncoder().encode(text),
    );
    return toBase64Url(joined(Uint8Array.of(VERSION), this.#ephemeral, nonce, new Uint8Array(sealed)));
  }
}

/** Opens what was sealed. Throws for another key, another context, and what was changed. */
export async function unseal(
  sealed: string,
  context: string,
  owner: { secret: CryptoKey; point: Bytes },
): Promise<string> {
  const bytes = fromBase64Url(sealed);
  if (bytes[0] !== VERSION) throw new Error(`a sealed text of version ${bytes[0]}`);
  const ephemeral = bytes.slice(1, 1 + POINT_BYTES);
  const nonce = bytes.slice(1 + POINT_BYTES, 1 + POINT_BYTES + NONCE_BYTES);
  const key = await commonKey(owner.secret, ephemeral, joined(ephemeral, owner.point));
  const text = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv: nonce, additionalData: contextBytes(context) },
    key,
    bytes.slice(1 + POINT_BYTES + NONCE_BYTES),
  );
  return new TextDecoder().decode(text);
}
