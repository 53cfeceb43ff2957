/** The owner's secret key, with which the secrets of a backup open. It never leaves this machine. */
import { p256 } from "@noble/curves/p256";
import { unseal } from "../../src/lifecycle/backup/seal.ts";
import { LaunchError } from "../dev/ports.ts";

const PREFIX = "atoll-backup-key-1-";

export interface OwnerKey {
  /** Uncompressed point in base64url, as in a manifest. */
  publicKey: string;
  open(sealed: string, context: string): Promise<string>;
}

const encoded = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

/** Reads the key as the page of backups showed it. Refuses anything else with a `LaunchError`. */
export async function readOwnerKey(text: string): Promise<OwnerKey> {
  const trimmed = text.trim();
  const secret = new Uint8Array(Buffer.from(trimmed.slice(PREFIX.length), "base64url"));
  if (!trimmed.startsWith(PREFIX) || !p256.utils.isValidPrivateKey(secret)) {
    throw new LaunchError(`That is no key of a backup: it begins with ${PREFIX}`);
  }
  const point = new Uint8Array(p256.getPublicKey(secret, false));
  const key = await crypto.subtle.importKey(
    "jwk",
    {
      kty: "EC",
      crv: "P-256",
      d: encoded(secret),
      x: encoded(point.subarray(1, 33)),
      y: encoded(point.subarray(33)),
    },
    { name: "ECDH", namedCurve: "P-256" },
    false,
    ["deriveBits"],
  );
  return {
    publicKey: encoded(point),
    open: (sealed, context) => unseal(sealed, context, { secret: key, point }),
  };
}

/** A new key, as the page makes it in the browser. */
export function newOwnerKey(): { secret: string; publicKey: string } {
  const secret = p256.utils.randomPrivateKey();
  return { secret: PREFIX + encoded(secret), publicKey: encoded(p256.getPublicKey(secret, false)) };
}
