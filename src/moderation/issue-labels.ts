/** The host as a labeler: checks labels, and signs them with its own key. */
import type { Did } from "@atcute/lexicons";
import type { Keypair } from "@atproto/crypto";
import { isCid } from "../protocol/cid.ts";
import { importKey } from "../protocol/keys.ts";
import { signLabel } from "../protocol/label.ts";
import type { SignedLabel } from "../protocol/label.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import type { ModerationAct } from "../protocol/stations.ts";
import { isAtUri, isDatetime, isDid } from "../protocol/syntax.ts";

/** Keeps the host's secrets, and makes them on first use. */
interface SecretKeeper {
  secret(name: "LABELER_KEY"): Promise<string>;
}

export interface WantedLabel {
  /** An at-uri, or a DID for the whole account. */
  uri: string;
  cid?: string | undefined;
  val: string;
  neg?: boolean | undefined;
  /** ISO 8601 */
  exp?: string | undefined;
}

/** Label values (atproto spec, "Labels"): kebab-case; those of the protocol begin with `!`. */
const VALUE = /^!?[a-z]+(-[a-z]+)*$/;
const VALUE_MAX = 128;

/** The key that signs labels, created on first use. It is `#atproto_label` in the host's DID document. */
export async function labelKey(directory: SecretKeeper): Promise<Keypair> {
  return importKey(await directory.secret("LABELER_KEY"));
}

/**
 * Signs labels of this host, `src`. Their expiry is written in UTC, since tables compare it as text. Refuses
 * InvalidRequest for an invalid label.
 */
export async function signLabels(
  directory: SecretKeeper,
  src: Did,
  wanted: readonly WantedLabel[],
): Promise<SignedLabel[]> {
  for (const each of wanted) check(each);
  const key = await labelKey(directory);
  const cts = new Date().toISOString();
  return Promise.all(
    wanted.map(({ exp, ...each }) =>
      signLabel({ ...each, exp: exp === undefined ? exp : inUtc(exp), src, cts }, key),
    ),
  );
}

/** A label in the form that the AppView receives. */
export const actOf = ({ src, uri, cid, val, neg = false, cts, exp }: SignedLabel): ModerationAct => ({
  kind: "label",
  src,
  uri,
  val,
  neg,
  cts,
  cid,
  exp,
});

function check({ uri, cid, val, exp }: WantedLabel): void {
  if (!isDid(uri) && !isAtUri(uri)) throw invalidRequest("A label is about a DID or an at-uri");
  if (cid !== undefined && (!isCid(cid) || isDid(uri))) throw invalidRequest("Invalid cid");
  if (val.length > VALUE_MAX || !VALUE.test(val)) throw invalidRequest("Invalid label value");
  if (exp !== undefined && !(isDatetime(exp) && isDatetime(inUtc(exp))))
    throw invalidRequest("Invalid expiry");
}

const inUtc = (datetime: string): string => new Date(datetime).toISOString();
