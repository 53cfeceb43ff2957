/**
 * The third step of looking up: a record, asked of the host that the DID document names, and proved by the
 * signature of its author (com.atproto.sync.getRecord). Nothing else is shown as somebody's post.
 */
import { fetchPublic } from "../../identity/outbound.ts";
import { logLine, messageOf } from "../../protocol/log-line.ts";
import { free } from "../../protocol/memory.ts";
import { PROOF_BYTES, prove } from "../../protocol/mst/proof.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { Put } from "../../appview/index/indexers/indexer.ts";
import { putOf, valueOf } from "../../appview/index/changes.ts";
import { revInstant } from "../../appview/instants.ts";
import { isJson, textOf } from "../../protocol/json.ts";
import type { Gates, Purse } from "./gates.ts";
import type { Foreigner } from "./identity.ts";

/** How far (ms) a commit may be dated ahead. */
const AHEAD_MS = 5 * 60_000;
const TIMEOUT_MS = 4_000;

export interface Asking {
  gates: Gates;
  purse: Purse;
  local: boolean;
  /** This host's address, so that a neighbour can tell who asks. */
  origin: string;
  now: () => number;
}

/**
 * `odd`: the host has no such account, or what it sent is not signed by the account's key: the document may be
 * old. `unknown`: nothing was learned.
 */
export type Answer =
  | { kind: "record"; put: Put | null; bytes: Uint8Array; cid: string }
  | { kind: "absent" }
  | { kind: "inactive"; status: "takendown" | "suspended" | "deactivated" }
  | { kind: "odd"; isGone: boolean }
  | { kind: "unknown" };

const UNKNOWN: Answer = { kind: "unknown" };

/** GETs a method of the account's host. Null if it may not be asked now, or does not answer. */
export async function ask(
  { gates, purse, local, origin, now }: Asking,
  { origin: at, home }: Foreigner,
  nsid: string,
  params: Record<string, string>,
  maxBytes: number,
) {
  if (!gates.admits("host", home, now()) || !purse.take(1, home)) return null;
  const url = new URL(`/xrpc/${nsid}?${new URLSearchParams(params).toString()}`, at);
  const headers = { "user-agent": `Atoll (+${origin})` };
  try {
    const answer = await gates.through(home, () =>
      fetchPublic(url, { local, maxBytes, timeoutMs: TIMEOUT_MS, headers }),
    );
    if (answer.status === 429) gates.pause(home, answer.headers.get("retry-after"), now());
    return answer;
  } catch (thrown) {
    if (isRefusal(thrown)) return null;
    throw thrown;
  }
}

export async function recordAt(
  asking: Asking,
  who: Foreigner,
  collection: string,
  rkey: string,
): Promise<Answer> {
  const { did, home } = who;
  const answer = await ask(asking, who, "com.atproto.sync.getRecord", { did, collection, rkey }, PROOF_BYTES);
  if (answer === null || answer.status === 429 || answer.status >= 500) return UNKNOWN;
  if (answer.status !== 200) return refusalOf(answer.body);
  try {
    return await proved(asking, who, { collection, rkey }, answer.body);
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    logLine("warn", "elsewhere", { message: "no proof", host: home, did, error: messageOf(thrown) });
    return { kind: "odd", isGone: false };
  } finally {
    free(answer.body);
  }
}

async function proved(
  { now }: Asking,
  { did, key }: Foreigner,
  { collection, rkey }: { collection: string; rkey: string },
  car: Uint8Array,
): Promise<Answer> {
  const proof = await prove(car, { did, key, path: `${collection}/${rkey}` });
  const indexed = revInstant(proof.rev);
  if (indexed > now() + AHEAD_MS) return UNKNOWN;
  if (proof.kind === "absent") return { kind: "absent" };
  const bytes = proof.bytes.slice();
  const from = { did, collection, rkey, cid: proof.cid, indexed, fresh: false, elsewhere: true };
  return {
    kind: "record",
    put: putOf({ ...from, size: bytes.length }, valueOf(bytes)),
    bytes,
    cid: proof.cid,
  };
}

const INACTIVE = {
  RepoTakendown: "takendown",
  RepoSuspended: "suspended",
  RepoDeactivated: "deactivated",
} as const;

/** A host's own word about an account that it has, by the lexicon's error names. */
function refusalOf(body: Uint8Array): Answer {
  let error: string | undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    error = isJson(value) ? textOf(value["error"]) : undefined;
  } catch {
    return UNKNOWN;
  }
  if (error === "RecordNotFound") return { kind: "absent" };
  if (error === "RepoNotFound") return { kind: "odd", isGone: true };
  if (error === "RepoTakendown" || error === "RepoSuspended" || error === "RepoDeactivated")
    return { kind: "inactive", status: INACTIVE[error] };
  return UNKNOWN;
}
