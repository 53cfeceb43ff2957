/**
 * Service auth tokens (XRPC spec, "Inter-Service Authentication"): compact JWTs, signed by the repo's key.
 */
import type { JsonObject } from "../protocol/account-station.ts";
import { sign } from "../protocol/keys.ts";

const encoded = (json: JsonObject) => Buffer.from(JSON.stringify(json)).toString("base64url");

export function signServiceJwt(payload: JsonObject, key: Uint8Array): string {
  const signed = `${encoded({ typ: "JWT", alg: "ES256K" })}.${encoded(payload)}`;
  return `${signed}.${Buffer.from(sign(key, Buffer.from(signed))).toString("base64url")}`;
}
