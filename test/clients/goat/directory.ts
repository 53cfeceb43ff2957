/** Resolves identities like goat: handle by HTTPS, document at the PLC directory, each checks the other. */
import { isDid, isHandle } from "@atcute/lexicons/syntax";
import { send } from "./http.ts";
import { list, string, struct, unmarshal } from "./json.ts";

export const USER_AGENT = "goat/v0.2.3";

const document = struct({
  id: string,
  alsoKnownAs: list(string),
  verificationMethod: list(
    struct({ id: string, type: string, controller: string, publicKeyMultibase: string }),
  ),
  service: list(struct({ id: string, type: string, serviceEndpoint: string })),
});

export interface Identity {
  did: string;
  /** Null if no handle is declared, or if the handle resolves to another DID. */
  handle: string | null;
  /** Endpoint of the host; "" if there is none. */
  pds: string;
  /** The signing key of a `Multikey` method, in multibase. */
  key: string;
}

export class Directory {
  readonly plc: string;
  readonly #webOf: (handle: string) => string;

  /** @param webOf the origin that serves a handle's website, in place of DNS */
  constructor(plc: string, webOf: (handle: string) => string) {
    this.plc = plc;
    this.#webOf = webOf;
  }

  async resolveHandle(handle: string): Promise<string> {
    const url = new URL("/.well-known/atproto-did", this.#webOf(handle));
    const response = await send({ method: "GET", url, host: handle, headers: { "User-Agent": USER_AGENT } });
    if (response.status !== 200) throw new Error(`${handle}: HTTP ${response.status}`);
    if (response.body.byteLength > 2048) throw new Error(`${handle}: too long`);
    const did = response.body.toString().trim();
    if (!isDid(did)) throw new Error(`${handle}: not a DID: ${did}`);
    return did;
  }

  async lookupDid(did: string): Promise<Identity> {
    const url = new URL(`/${did}`, this.plc);
    const { status, body } = await send({ method: "GET", url, headers: { "User-Agent": USER_AGENT } });
    if (status !== 200) throw new Error(`${did}: HTTP ${status}`);
    const found = unmarshal(document, body.toString());
    if (found.id !== did) throw new Error("document ID did not match DID");
    const declared =
      found.alsoKnownAs.find((name) => name.startsWith("at://"))?.slice("at://".length) ?? null;
    const isKnown = declared !== null && (await this.resolveHandle(declared).catch(() => null)) === did;
    const endpoint = found.service.find(({ id }) => id.split("#")[1] === "atproto_pds");
    const key = found.verificationMethod.find(
      ({ id, controller, type }) =>
        id.split("#")[1] === "atproto" && controller === did && type === "Multikey",
    );
    return {
      did,
      handle: isKnown ? declared : null,
      pds: endpoint?.serviceEndpoint ?? "",
      key: key?.publicKeyMultibase ?? "",
    };
  }

  async lookup(identifier: string): Promise<Identity> {
    if (isDid(identifier)) return this.lookupDid(identifier);
    if (!isHandle(identifier)) throw new Error(`neither a handle nor a DID: ${identifier}`);
    const handle = identifier.toLowerCase();
    const identity = await this.lookupDid(await this.resolveHandle(handle));
    if (identity.handle !== handle) throw new Error(`handle mismatch: ${identity.handle} != ${handle}`);
    return identity;
  }
}
