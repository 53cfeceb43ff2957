/**
 * Service auth tokens (XRPC spec, "Inter-Service Authentication"): compact JWTs, signed by the repo's key.
 */
import { Secp256k1Keypair } from "@atproto/crypto";
import type { JsonObject } from "../protocol/account-station.ts";

const encoded = (json: JsonObject) => Buffer.from(JSON.stringify(json)).toString("base64url");

export async function signServiceJwt(payload: JsonObject, privateKey: Uint8Array): Promise<string> {
  const key = await Secp256k1Keypair.import(privateKey);
  const signed = `${encoded({ typ: "JWT", alg: key.jwtAlg })}.${encoded(payload)}`;
  return `${signed}.${Buffer.from(await key.sign(Buffer.from(signed))).toString("base64url")}`;
}
