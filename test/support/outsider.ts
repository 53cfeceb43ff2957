/** An account of another host, as far as this one can tell: a DID document, and tokens signed with its key. */
import type { Did } from "@atcute/lexicons";
import { Directory } from "../../src/identity/directory.ts";
import { PlcClient } from "../../src/identity/plc/client.ts";
import { didKey, sign } from "../../src/protocol/keys.ts";
import { HOST_DID, bindings } from "./account-host.ts";

let made = 0;

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

export interface Outsider {
  did: Did;
  /** The `authorization` header for a call of this method. */
  auth(lxm: string, claims?: object): string;
}

export async function outsider(): Promise<Outsider> {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const plc = new PlcClient(bindings, new Directory(bindings));
  const { did, operation } = await plc.createGenesis({
    signingKey: didKey(key),
    handle: `outsider${made++}.example.com` as never,
    pds: "https://elsewhere.example.com",
  });
  await plc.submit(did, operation);
  return {
    did,
    auth(lxm, claims = {}) {
      const now = Math.floor(Date.now() / 1000);
      const payload = { iss: did, aud: HOST_DID, lxm, iat: now, exp: now + 60, ...claims };
      const signed = `${encode({ typ: "JWT", alg: "ES256K" })}.${encode(payload)}`;
      const signature = sign(key, new TextEncoder().encode(signed));
      return `Bearer ${signed}.${Buffer.from(signature).toString("base64url")}`;
    },
  };
}
