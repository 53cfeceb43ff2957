/** Other people's consumers and verifiers: `@atproto/sync`, `@atproto/identity`, `@atproto/repo`. */
import http from "node:http";
import { HandleResolver, IdResolver } from "@atproto/identity";
import {
  MST,
  MemoryBlockstore,
  readCarWithRoot,
  verifyProofs,
  verifyRepoCar,
  type RecordCidClaim,
} from "@atproto/repo";
import { Firehose, MemoryRunner } from "@atproto/sync";
import type { Event } from "@atproto/sync";
import { decode, decodeFirst } from "@atcute/cbor";
import { CID } from "multiformats/cid";
import { XrpcError, xrpc, xrpcBytes } from "../../tools/dev/xrpc-client.ts";

export interface Member {
  name: string;
  did: string;
  authorization: string;
}

/** Where a host and the PLC directory listen. */
export interface Addresses {
  url: string;
  plc: string;
}

export async function signUp({ url }: Addresses, name: string): Promise<Member> {
  const input = { handle: `${name}.test`, email: `${name}@example.com`, password: `password of ${name}` };
  const made = (await xrpc(url, "com.atproto.server.createAccount", { input })) as {
    did: string;
    accessJwt: string;
  };
  return { name, did: made.did, authorization: `Bearer ${made.accessJwt}` };
}

export interface Written {
  uri: string;
  cid: string;
}

/** A member's call of a com.atproto.repo procedure. */
export const write = (host: Addresses, { did, authorization }: Member, method: string, input: object) =>
  xrpc(host.url, `com.atproto.repo.${method}`, { input: { repo: did, ...input }, authorization });

/** Local handles have no DNS, so they are resolved at the host's own port, by Host header. */
class LocalHandles extends HandleResolver {
  readonly #port: number;

  constructor(origin: string) {
    super();
    this.#port = Number(new URL(origin).port);
  }

  override resolve(handle: string): Promise<string | undefined> {
    const options = {
      port: this.#port,
      path: "/.well-known/atproto-did",
      headers: { host: handle },
      agent: false,
    };
    return new Promise((resolve, reject) => {
      const request = http.get(options, (response) => {
        let text = "";
        response.on("data", (data: Buffer) => (text += data.toString()));
        response.on("end", () => resolve(response.statusCode === 200 ? text.trim() : undefined));
      });
      request.on("error", reject);
    });
  }
}

export function idResolverOf({ url, plc }: Addresses): IdResolver {
  const resolver = new IdResolver({ plcUrl: plc });
  resolver.handle = new LocalHandles(url);
  return resolver;
}

export interface Followed {
  events: Event[];
  errors: Error[];
  /** Resolves once `seq` has been handled. */
  until(seq: number): Promise<void>;
  stop(): void;
}

/** `@atproto/sync`'s consumer, from `cursor` on. It verifies every commit and handle. */
export function follow(host: Addresses, cursor: number): Followed {
  const events: Event[] = [];
  const errors: Error[] = [];
  const runner = new MemoryRunner({ startCursor: cursor });
  const firehose = new Firehose({
    service: host.url.replace(/^http/, "ws"),
    idResolver: idResolverOf(host),
    runner,
    subscriptionReconnectDelay: 50,
    handleEvent: (event: Event) => {
      events.push(event);
    },
    onError: (error: Error) => errors.push(error),
  });
  void firehose.start();
  return {
    events,
    errors,
    async until(seq) {
      for (let tries = 0; (runner.cursor ?? 0) < seq; tries++) {
        if (tries > 1_000) throw new Error(`the consumer stays at ${runner.cursor}, not ${seq}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    stop() {
      // Not awaited: the promises never settle if the connection was lost before.
      void firehose.destroy();
      void runner.destroy();
    },
  };
}

/** The newest seq of the host. */
export async function headOf({ url }: Addresses): Promise<number> {
  const params = { hostname: new URL(url).hostname };
  const { seq } = (await xrpc(url, "com.atproto.sync.getHostStatus", { params })) as { seq: number };
  return seq;
}

export const keyOf = (host: Addresses, did: string): Promise<string> =>
  idResolverOf(host).did.resolveAtprotoKey(did, true);

/** A repo's export, verified by the account's key: a map from address to CID, and the commit. */
export async function verifiedRepo(host: Addresses, { did }: Pick<Member, "did">) {
  const car = await xrpcBytes(host.url, "com.atproto.sync.getRepo", { params: { did } });
  const verified = await verifyRepoCar(car, did, await keyOf(host, did));
  const { blocks, root } = await readCarWithRoot(car);
  const records = new Map<string, string>();
  const leaves = new Set<string>();
  for (const { collection, rkey, cid } of verified.creates) {
    if (!blocks.has(cid)) throw new Error(`${collection}/${rkey} is not in its archive`);
    records.set(`at://${did}/${collection}/${rkey}`, cid.toString());
    leaves.add(cid.toString());
  }
  // The archive holds the commit, the tree and the records, and nothing else.
  const tree = MST.load(new MemoryBlockstore(blocks), dataOf(blocks.get(root)));
  const all = new Set([root.toString(), ...leaves]);
  for (const cid of (await tree.allCids()).toList()) all.add(cid.toString());
  const strangers = blocks.cids().filter((cid) => !all.has(cid.toString()));
  return { records, head: root.toString(), strangers: strangers.length };
}

const dataOf = (commit: Uint8Array | undefined): CID => {
  const { data } = decode(commit ?? new Uint8Array()) as { data: { $link: string } };
  return CID.parse(data.$link);
};

/** Whether com.atproto.sync.getRecord proves that `cid` is at `uri` or, with null, that nothing is there. */
export async function proves(host: Addresses, uri: string, cid: string | null): Promise<boolean> {
  const [did = "", collection = "", rkey = ""] = uri.slice("at://".length).split("/");
  const car = await xrpcBytes(host.url, "com.atproto.sync.getRecord", {
    params: { did, collection, rkey },
  });
  const claim = { collection, rkey, cid: cid === null ? null : CID.parse(cid) } as RecordCidClaim;
  const { verified } = await verifyProofs(car, [claim], did, await keyOf(host, did));
  return verified.length === 1;
}

interface Link {
  $link: string;
}
interface CommitBody {
  seq: number;
  repo: string;
  rev: string;
  since: string | null;
  commit: Link;
  prevData?: Link;
  blocks: { buf: Uint8Array };
  ops: { action: string; path: string; cid: Link | null; prev?: Link }[];
}

/** The frames from cursor 0 up to `last`, as they arrive. */
export async function framesUpTo({ url }: Addresses, last: number): Promise<{ t: string; body: unknown }[]> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/xrpc/com.atproto.sync.subscribeRepos?cursor=0`);
  socket.binaryType = "arraybuffer";
  const frames: { t: string; body: unknown }[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("error", () => reject(new Error("no firehose")));
    socket.addEventListener("message", ({ data }) => {
      const [header, rest] = decodeFirst(new Uint8Array(data as ArrayBuffer)) as [{ t: string }, Uint8Array];
      const body = decode(rest) as { seq: number };
      frames.push({ t: header.t, body });
      if (body.seq >= last) resolve();
    });
  });
  socket.close();
  return frames;
}

/**
 * Undoes a commit's ops on its own blocks, with `@atproto/repo`'s tree. The root must become `prevData` (Sync
 * v1.1, inversion).
 */
export async function inverts(body: CommitBody): Promise<boolean> {
  const { blocks, root } = await readCarWithRoot(body.blocks.buf);
  if (root.toString() !== body.commit.$link) return false;
  let tree = MST.load(new MemoryBlockstore(blocks), dataOf(blocks.get(root)));
  for (const { action, path, prev } of body.ops.toReversed()) {
    if (action === "create") tree = await tree.delete(path);
    else if (prev === undefined) return false;
    else if (action === "update") tree = await tree.update(path, CID.parse(prev.$link));
    else tree = await tree.add(path, CID.parse(prev.$link));
  }
  return (await tree.getPointer()).toString() === body.prevData?.$link;
}

export const isCommit = (frame: { t: string; body: unknown }): frame is { t: "#commit"; body: CommitBody } =>
  frame.t === "#commit";

/** The name of the error if a call is refused; otherwise null. */
export async function refusalOf(call: Promise<unknown>): Promise<string | null> {
  try {
    await call;
    return null;
  } catch (thrown) {
    if (thrown instanceof XrpcError) return thrown.error;
    throw thrown;
  }
}
