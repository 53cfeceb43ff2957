/** Accounts for tests, made directly through the object's interface, as lifecycle makes them. */
import { env } from "cloudflare:workers";
import type { Did, Handle } from "@atcute/lexicons";
import type { AccountStation, Standing } from "../../src/protocol/account-station.ts";
import { readCar } from "../../src/protocol/car.ts";
import { decodeToJson } from "../../src/protocol/cbor.ts";
import { cidFromBytes } from "../../src/protocol/cid.ts";
import { MstBuilder, readMst } from "../../src/protocol/mst/build.ts";
import { must } from "../../src/protocol/refusal.ts";
import type { Bindings, SequencerStation } from "../../src/protocol/stations.ts";
import { SEQUENCER_NAME } from "../../src/protocol/stations.ts";
import { verifyCommit } from "./commit.ts";

export const bindings: Bindings<AccountStation> & { BLOBS: R2Bucket } = env as never;

let made = 0;

export const newDid = (): Did => `did:plc:${`account${(made++).toString(36)}`.padEnd(24, "a")}`;

export const accountOf = (did: Did): AccountStation => bindings.ACCOUNT.getByName(did);

export const sequencer = (): SequencerStation => bindings.SEQUENCER.getByName(SEQUENCER_NAME);

export interface Member {
  did: Did;
  account: AccountStation;
  /** did:key of the repo. */
  key: string;
}

/** An account with an empty repo. Nothing has been announced about it. */
export async function newAccount(password: string | null = null): Promise<Member> {
  const did = newDid();
  const account = accountOf(did);
  const { signingKey } = await account.create({ did, at: Date.now(), password });
  return { did, account, key: signingKey };
}

/** An active account. */
export async function newMember(): Promise<Member> {
  const member = await newAccount();
  await settle(member.account, { handle: `${member.did.slice(8, 20)}.test` as Handle }, true);
  return member;
}

/** Tells an account what the directory says of it: by default an active one. */
export function settle(account: AccountStation, said: Partial<Standing> = {}, isNew = false): Promise<void> {
  const standing = {
    active: true,
    takedown: null,
    takedownRef: null,
    handle: "alice.test",
    ...said,
  } as const;
  return account.settle(standing, { at: Date.now(), isNew });
}

export const post = (text: string, more: Record<string, unknown> = {}) => ({
  $type: "app.bsky.feed.post",
  text,
  createdAt: "2024-06-01T00:00:00.000Z",
  ...more,
});

export async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The refusal that a promise rejects with; throws if it does not reject. */
export async function refusalOf(
  promise: Promise<unknown>,
): Promise<{ error: string; status: number; message: string }> {
  try {
    await promise;
  } catch (thrown) {
    const { error, status, message } = thrown as { error: string; status: number; message: string };
    return { error, status, message };
  }
  throw new Error("was not refused");
}

export interface CheckedRepo {
  head: string;
  rev: string;
  /** JSON records by path, in order. */
  records: Map<string, unknown>;
  blocks: Map<string, Uint8Array>;
}

/** Checks an archive as a stranger would: hashes, signature, a whole tree, every record, root first. */
export async function checkRepo(car: Uint8Array, did: Did, key: string): Promise<CheckedRepo> {
  const { roots, blocks } = readCar(car);
  const [head = ""] = roots;
  if (roots.length !== 1 || [...blocks.keys()][0] !== head)
    throw new Error("the commit is not the first block");
  const commit = await verifyCommit(must(blocks.get(head), "commit"), did, key);
  const records = new Map<string, unknown>();
  const builder = new MstBuilder(commit.rev);
  for (const [path, cid] of readMst(commit.data, (each) => blocks.get(each))) {
    records.set(path, decodeToJson(must(blocks.get(cidFromBytes(cid)), `record ${path}`)));
    builder.add(path, cid);
  }
  if (cidFromBytes(builder.finish().root) !== commit.data) throw new Error("the tree has another shape");
  return { head, rev: commit.rev, records, blocks };
}
