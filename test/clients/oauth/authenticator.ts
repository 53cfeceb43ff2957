/** A passkey authenticator in software. It behaves as WebAuthn says, or deviates on demand. */
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

interface Options {
  challenge: string;
}

export interface Deviation {
  origin?: string;
  rpId?: string;
  /** The user-verified flag: someone was present and proved their identity. */
  verified?: boolean;
  counter?: number;
  type?: string;
  /** In place of what the key signs. */
  signature?: Uint8Array;
  /** The format of the attestation and its statement, in CBOR, in place of none. */
  attestation?: { format: string; statement: Buffer };
}

const NO_ATTESTATION = { format: "none", statement: Buffer.from([0xa0]) };

/** A short text in CBOR. */
const textInCbor = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x60 + text.length]), Buffer.from(text)]);

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest();
const PRESENT = 0x01;
const VERIFIED = 0x04;
const WITH_KEY = 0x40;

export class Authenticator {
  readonly #origin: string;
  readonly #id = randomBytes(16);
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  #counter = 0;

  constructor(origin: string) {
    this.#origin = origin;
  }

  get id(): string {
    return base64url(this.#id);
  }

  /** `navigator.credentials.create`, in the form in which the page's script sends it. */
  create(options: Options, deviation: Deviation = {}): string {
    const length = Buffer.from([0, this.#id.length]);
    const key = Buffer.concat([Buffer.alloc(16), length, this.#id, this.#coseKey()]);
    const authenticatorData = Buffer.concat([this.#head(WITH_KEY, deviation), key]);
    const { format, statement } = deviation.attestation ?? NO_ATTESTATION;
    // A CBOR map of three.
    const attestationObject = Buffer.concat([
      Buffer.from([0xa3]),
      textInCbor("fmt"),
      textInCbor(format),
      textInCbor("attStmt"),
      statement,
      textInCbor("authData"),
      Buffer.from([0x58, authenticatorData.length]),
      authenticatorData,
    ]);
    return this.#answer({
      clientDataJSON: base64url(this.#clientData(deviation.type ?? "webauthn.create", options, deviation)),
      attestationObject: base64url(attestationObject),
      transports: ["internal"],
    });
  }

  /** `navigator.credentials.get`, in the same form. */
  get(options: Options, deviation: Deviation = {}): string {
    const clientData = this.#clientData(deviation.type ?? "webauthn.get", options, deviation);
    const authenticatorData = this.#head(0, deviation);
    const signed = Buffer.concat([authenticatorData, sha256(clientData)]);
    return this.#answer({
      clientDataJSON: base64url(clientData),
      authenticatorData: base64url(authenticatorData),
      signature: base64url(deviation.signature ?? sign("sha256", signed, this.#keys.privateKey)),
    });
  }

  #answer(response: object): string {
    const id = this.id;
    return JSON.stringify({ id, rawId: id, type: "public-key", clientExtensionResults: {}, response });
  }

  #clientData(type: string, { challenge }: Options, { origin = this.#origin }: Deviation): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }

  #head(more: number, { rpId, verified = true, counter }: Deviation): Buffer {
    const flags = PRESENT | (verified ? VERIFIED : 0) | more;
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter ?? ++this.#counter);
    return Buffer.concat([sha256(rpId ?? new URL(this.#origin).hostname), Buffer.from([flags]), count]);
  }

  /** COSE: an EC2 key for ES256 on P-256, as a CBOR map with integer keys. */
  #coseKey(): Buffer {
    const { x = "", y = "" } = this.#keys.publicKey.export({ format: "jwk" });
    return Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]),
      Buffer.from(x, "base64url"),
      Buffer.from([0x22, 0x58, 0x20]),
      Buffer.from(y, "base64url"),
    ]);
  }
}
