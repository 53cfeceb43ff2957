/**
 * Makes and signs did:plc operations, computes their CIDs, and presents them as DID documents (did:plc spec
 * v0.3). Pure.
 *
 * `@did-plc/lib` does the same, but brings axios, zod and old copies of the libraries used here; the tests use
 * it as their oracle instead.
 */
import { encode } from "../../protocol/cbor.ts";
import { Buffer } from "node:buffer";
import type { Did, Handle } from "@atcute/lexicons";
import { extractMultikey, type Keypair } from "@atproto/crypto";
import { base32 } from "multiformats/bases/base32";
import { cidOfCbor, sha256 } from "../../protocol/cid.ts";
import type { DidDocument } from "../did-document.ts";

export type PlcService = {
  type: string;
  endpoint: string;
};

/** The complete state of a DID. `rotationKeys` by descending authority; all keys are did:keys. */
export type PlcState = {
  rotationKeys: string[];
  /** By id, without `#`. */
  verificationMethods: Record<string, string>;
  alsoKnownAs: string[];
  /** By id, without `#`. */
  services: Record<string, PlcService>;
};

/** Creation (`prev` null) or update. `prev` is a CID, `sig` base64url without padding. */
export type PlcOperation = PlcState & {
  type: "plc_operation";
  prev: string | null;
  sig: string;
};
export type PlcTombstone = {
  type: "plc_tombstone";
  prev: string;
  sig: string;
};
/** The deprecated form of a creation; old DIDs are hashes of it. */
export type PlcLegacyCreate = {
  type: "create";
  signingKey: string;
  recoveryKey: string;
  handle: string;
  service: string;
  prev: null;
  sig: string;
};
export type AnyOperation = PlcOperation | PlcTombstone | PlcLegacyCreate;

export interface Genesis {
  /** did:key of the repo's signing key. */
  signingKey: string;
  /** By descending authority; the signer's own key is among them. */
  rotationKeys: string[];
  handle: Handle;
  /** Origin of the PDS. */
  pds: string;
}

/** Creates the first operation of a new DID, and the DID derived from its hash. */
export async function createGenesis(
  state: Genesis,
  signer: Keypair,
): Promise<{ did: Did<"plc">; operation: PlcOperation }> {
  const operation = await signed(
    {
      type: "plc_operation" as const,
      verificationMethods: { atproto: state.signingKey },
      rotationKeys: state.rotationKeys,
      alsoKnownAs: [`at://${state.handle}`],
      services: { atproto_pds: { type: "AtprotoPersonalDataServer", endpoint: state.pds } },
      prev: null,
    },
    signer,
  );
  return { did: didOfGenesis(operation), operation };
}

/** Creates an update that follows `last`; `change` derives the new state from the present one. */
export function createUpdate(
  last: PlcOperation | PlcLegacyCreate,
  signer: Keypair,
  change: (state: PlcState) => PlcState,
): Promise<PlcOperation> {
  const { rotationKeys, verificationMethods, alsoKnownAs, services } = change(stateOf(last));
  const state = { rotationKeys, verificationMethods, alsoKnownAs, services };
  return signed({ type: "plc_operation", ...state, prev: operationCid(last) }, signer);
}

/** Creates the operation that ends the DID. */
export function createTombstone(
  last: PlcOperation | PlcLegacyCreate,
  signer: Keypair,
): Promise<PlcTombstone> {
  return signed({ type: "plc_tombstone", prev: operationCid(last) }, signer);
}

async function signed<Unsigned extends Omit<PlcOperation, "sig"> | Omit<PlcTombstone, "sig">>(
  unsigned: Unsigned,
  signer: Keypair,
): Promise<Unsigned & { sig: string }> {
  const sig = Buffer.from(await signer.sign(encode(unsigned))).toString("base64url");
  return { ...unsigned, sig };
}

/** The bytes that the signature covers: the operation without `sig`, as DAG-CBOR. */
export function signedBytes(operation: AnyOperation): Uint8Array {
  const { sig: _, ...unsigned } = operation;
  return encode(unsigned);
}

/** The CID of an operation, as used in `prev`. */
export const operationCid = (operation: AnyOperation): string => cidOfCbor(encode(operation));

export function didOfGenesis(operation: AnyOperation): Did<"plc"> {
  return `did:plc:${base32.baseEncode(sha256(encode(operation))).slice(0, 24)}`;
}

/** The state after a creation or update, in either format. */
export function stateOf(operation: PlcOperation | PlcLegacyCreate): PlcState {
  if (operation.type === "plc_operation") return operation;
  const endpoint = /^https?:\/\//.test(operation.service)
    ? operation.service
    : `https://${operation.service}`;
  return {
    rotationKeys: [operation.recoveryKey, operation.signingKey],
    verificationMethods: { atproto: operation.signingKey },
    alsoKnownAs: [`at://${operation.handle.replace(/^(at|https?):\/\//, "")}`],
    services: { atproto_pds: { type: "AtprotoPersonalDataServer", endpoint } },
  };
}

/** `state` with this handle in place of the first one, or before the other aliases when there was none. */
export function withHandle(state: PlcState, handle: Handle): PlcState {
  const alias = `at://${handle}`;
  const first = state.alsoKnownAs.findIndex((each) => each.startsWith("at://"));
  const alsoKnownAs = first < 0 ? [alias, ...state.alsoKnownAs] : state.alsoKnownAs.with(first, alias);
  return { ...state, alsoKnownAs };
}

/** JSON-LD contexts by multicodec prefix, as it appears in base58btc. Other kinds of key have none. */
const KEY_CONTEXTS = [
  { prefix: "did:key:zDn", context: "https://w3id.org/security/suites/ecdsa-2019/v1" },
  { prefix: "did:key:zQ3s", context: "https://w3id.org/security/suites/secp256k1-2019/v1" },
];

/** The DID document of a state, with keys as Multikey (did:plc spec, "Presentation as DID Document"). */
export function documentOf(did: Did, state: PlcState): DidDocument {
  const keys = Object.entries(state.verificationMethods);
  const contexts = keys.flatMap(([, key]) =>
    KEY_CONTEXTS.filter(({ prefix }) => key.startsWith(prefix)).map(({ context }) => context),
  );
  return {
    "@context": [
      "https://www.w3.org/ns/did/v1",
      "https://w3id.org/security/multikey/v1",
      ...new Set(contexts),
    ],
    id: did,
    alsoKnownAs: state.alsoKnownAs,
    verificationMethod: keys.map(([id, key]) => ({
      id: `${did}#${id}`,
      type: "Multikey",
      controller: did,
      publicKeyMultibase: extractMultikey(key),
    })),
    service: Object.entries(state.services).map(([id, { type, endpoint }]) => ({
      id: `#${id}`,
      type,
      serviceEndpoint: endpoint,
    })),
  };
}
