/**
 * What a host shows after a crash, read by code that is not ours: `@atproto/repo` for the repo,
 * `@atcute/cbor` for the firehose.
 */
import { readCarWithRoot, verifyRepoCar } from "@atproto/repo";
import { decode, decodeFirst } from "@atcute/cbor";
import { xrpc, xrpcBytes } from "../../tools/dev/xrpc-client.ts";

/** `at://` address → CID. */
export type Contents = Map<string, string>;

/** One commit as the firehose sent it. */
export interface Told {
  seq: number;
  did: string;
  rev: string;
  since: string | null;
  commit: string;
  /** MST root before and after. */
  prevData: string | null;
  data: string;
  ops: { action: string; uri: string; cid: string | null }[];
}

/** The repo's contents and head, from its CAR, verified with the key in the account's DID document. */
export async function readRepo(
  origin: string,
  outside: string,
  did: string,
): Promise<{ contents: Contents; head: string; texts: Map<string, string> }> {
  const document = (await (await fetch(`${outside}/${did}`)).json()) as {
    verificationMethod: { publicKeyMultibase: string }[];
  };
  const key = document.verificationMethod[0]?.publicKeyMultibase;
  const car = await xrpcBytes(origin, "com.atproto.sync.getRepo", { params: { did } });
  const verified = await verifyRepoCar(car, did, `did:key:${key}`);
  const contents: Contents = new Map();
  const texts = new Map<string, string>();
  const { blocks, root } = await readCarWithRoot(car);
  for (const { collection, rkey, cid } of verified.creates) {
    const uri = `at://${did}/${collection}/${rkey}`;
    contents.set(uri, cid.toString());
    const bytes = blocks.get(cid);
    const record = (bytes === undefined || bytes === null ? {} : decode(bytes)) as {
      text?: string;
      subject?: { uri: string };
    };
    texts.set(uri, record.text ?? record.subject?.uri ?? "");
  }
  return { contents, head: root.toString(), texts };
}

interface Link {
  $link: string;
}

/**
 * What was told of each account, in order: `identity alice.test`, `account deleted`, `commit`, `sync`. From
 * cursor 0, until nothing arrives for `quietMs`.
 */
export async function replayWords(origin: string, quietMs: number): Promise<Map<string, string[]>> {
  const words = new Map<string, string[]>();
  for (const frame of await collect(streamOf(origin), quietMs)) {
    const [{ t = "" }, rest] = decodeFirst(frame) as [{ t?: string }, Uint8Array];
    const body = decode(rest) as { did?: string; repo?: string; handle?: string; status?: string };
    const did = body.did ?? body.repo;
    if (did === undefined) continue;
    const more = { "#identity": body.handle, "#account": body.status ?? "active" }[t];
    const word = more === undefined ? t.slice(1) : `${t.slice(1)} ${more}`;
    words.set(did, [...(words.get(did) ?? []), word]);
  }
  return words;
}

const streamOf = (origin: string) =>
  `${origin.replace(/^http/, "ws")}/xrpc/com.atproto.sync.subscribeRepos?cursor=0`;

/** Every commit in the window, from cursor 0, until nothing arrives for `quietMs`. */
export async function replay(origin: string, quietMs: number): Promise<Told[]> {
  const frames = await collect(streamOf(origin), quietMs);
  const told: Told[] = [];
  for (const frame of frames) {
    const [header, rest] = decodeFirst(frame) as [{ op: number; t?: string }, Uint8Array];
    if (header.op !== 1) throw new Error(`the firehose ended with ${JSON.stringify(decode(rest))}`);
    if (header.t === "#commit") told.push(await commitOf(decode(rest)));
  }
  return told;
}

async function commitOf(body: {
  seq: number;
  repo: string;
  rev: string;
  since: string | null;
  commit: Link;
  prevData?: Link;
  blocks: { buf: Uint8Array };
  ops: { action: string; path: string; cid: Link | null }[];
}): Promise<Told> {
  const { root, blocks } = await readCarWithRoot(body.blocks.buf);
  const bytes = blocks.get(root);
  if (bytes === undefined || bytes === null) throw new Error(`seq ${body.seq}: no commit block`);
  const { data } = decode(bytes) as { data: Link };
  return {
    seq: body.seq,
    did: body.repo,
    rev: body.rev,
    since: body.since,
    commit: body.commit.$link,
    prevData: body.prevData?.$link ?? null,
    data: data.$link,
    ops: body.ops.map(({ action, path, cid }) => ({
      action,
      uri: `at://${body.repo}/${path}`,
      cid: cid?.$link ?? null,
    })),
  };
}

function collect(url: string, quietMs: number): Promise<Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const frames: Uint8Array[] = [];
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    const finish = () => {
      socket.close();
      resolve(frames);
    };
    let quiet = setTimeout(finish, quietMs * 3);
    socket.addEventListener("message", ({ data }) => {
      if (data instanceof ArrayBuffer) frames.push(new Uint8Array(data));
      clearTimeout(quiet);
      quiet = setTimeout(finish, quietMs);
    });
    socket.addEventListener("error", () => reject(new Error(`no firehose at ${url}`)));
  });
}

/** The AppView's posts of one author, by getAuthorFeed, page by page. Duplicates are kept. */
export async function readFeed(origin: string, actor: string): Promise<string[]> {
  const uris: string[] = [];
  let cursor: string | undefined;
  do {
    const params = { actor, limit: 100, cursor };
    const page = (await xrpc(origin, "app.bsky.feed.getAuthorFeed", { params })) as {
      feed: { post: { uri: string } }[];
      cursor?: string;
    };
    uris.push(...page.feed.map(({ post }) => post.uri));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return uris;
}

export interface IndexedPost {
  uri: string;
  cid: string;
  likeCount: number;
}

/** Posts by getPosts; posts that are not found are left out. */
export async function readPosts(origin: string, uris: string[]): Promise<Map<string, IndexedPost>> {
  const found = new Map<string, IndexedPost>();
  for (let i = 0; i < uris.length; i += 25) {
    const params = { uris: uris.slice(i, i + 25) };
    const page = (await xrpc(origin, "app.bsky.feed.getPosts", { params })) as { posts: IndexedPost[] };
    for (const post of page.posts) found.set(post.uri, post);
  }
  return found;
}
