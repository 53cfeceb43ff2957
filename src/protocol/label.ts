/** Signed labels (atproto spec, "Labels"): DAG-CBOR of the label without `sig`, K-256 over its SHA-256. */
import type { Did } from "@atcute/lexicons";
import type { Keypair } from "@atproto/crypto";
import { encode, toBytes } from "./cbor.ts";

/** com.atproto.label.defs#label, without its signature. */
export interface UnsignedLabel {
  src: Did;
  /** An at-uri or a DID. */
  uri: string;
  /** The labelled version of the record; absent: all versions. */
  cid?: string | undefined;
  val: string;
  /** Negates an earlier label. */
  neg?: boolean | undefined;
  /** ISO 8601 */
  cts: string;
  exp?: string | undefined;
}

export interface SignedLabel extends UnsignedLabel {
  sig: Uint8Array;
}

/** The signed form: version 1, absent fields omitted, `neg` only when true. */
function mapOf({ src, uri, cid, val, neg, cts, exp }: UnsignedLabel) {
  return {
    ver: 1,
    src,
    uri,
    ...(cid === undefined ? {} : { cid }),
    val,
    ...(neg ? { neg } : {}),
    cts,
    ...(exp === undefined ? {} : { exp }),
  };
}

export async function signLabel(label: UnsignedLabel, key: Keypair): Promise<SignedLabel> {
  return { ...label, sig: await key.sign(encode(mapOf(label))) };
}

/** The bytes that the signature covers. */
export const signedBytes = (label: UnsignedLabel): Uint8Array => encode(mapOf(label));

/** Encodes a frame of com.atproto.label.subscribeLabels. */
export function encodeLabelsFrame(seq: number, labels: SignedLabel[]): Uint8Array {
  const header = encode({ op: 1, t: "#labels" });
  const body = encode({ seq, labels: labels.map((label) => ({ ...mapOf(label), sig: toBytes(label.sig) })) });
  const frame = new Uint8Array(header.length + body.length);
  frame.set(header);
  frame.set(body, header.length);
  return frame;
}
