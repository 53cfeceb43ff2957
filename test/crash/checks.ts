/** The three promises: no acknowledged write is lost, nothing is twice, repo, firehose and index agree. */
import type { RunningHost } from "../../tools/dev/host.ts";
import type { Contents, Told } from "./observed.ts";
import { readFeed, readPosts, readRepo, replay } from "./observed.ts";
import type { Account, Ledger } from "./writers.ts";
import { xrpc } from "../../tools/dev/xrpc-client.ts";

const POST = "/app.bsky.feed.post/";
const LIKE = "/app.bsky.feed.like/";

/** Every fault found, in words; empty if there is none. */
export async function findFaults(host: RunningHost, accounts: Account[], ledger: Ledger): Promise<string[]> {
  const faults: string[] = [];
  const contents: Contents = new Map();
  const texts = new Map<string, string>();
  const heads = new Map<string, string>();
  for (const { did } of accounts) {
    const repo = await readRepo(host.origin, host.outside, did);
    for (const [uri, cid] of repo.contents) contents.set(uri, cid);
    for (const [uri, text] of repo.texts) texts.set(uri, text);
    heads.set(did, repo.head);
  }
  faults.push(...repoFaults(texts, ledger));
  const told = (await replay(host.origin, 2_000)).filter(({ did }) => heads.has(did));
  faults.push(...firehoseFaults(told, contents, heads));
  faults.push(...(await indexFaults(host.origin, accounts, contents, texts)));
  return faults;
}

/** Compares the repo with what the writers were told. */
function repoFaults(texts: Map<string, string>, { records, together }: Ledger): string[] {
  const faults: string[] = [];
  for (const [uri, possible] of records) {
    const is = texts.get(uri) ?? null;
    if (!possible.includes(is)) faults.push(`repo: ${uri} is ${is}, not ${possible.join(" or ")}`);
  }
  for (const uri of texts.keys()) {
    if (!records.has(uri)) faults.push(`repo: ${uri} was never written`);
  }
  for (const uris of together) {
    const first = texts.has(uris[0] ?? "");
    const written = uris.every((uri) => records.has(uri));
    // A later delete of one of the records is not a fault of the batch.
    const untouched = uris.every(
      (uri) => !(records.get(uri) ?? []).slice(1).includes(null) && records.get(uri)?.[0] !== null,
    );
    if (written && untouched && uris.some((uri) => texts.has(uri) !== first)) {
      faults.push(`repo: a part only of ${uris.join(", ")}`);
    }
  }
  return faults;
}

/**
 * Checks the firehose by itself: one unbroken chain per account, and nothing twice. Then compares its sum
 * with the repo.
 */
function firehoseFaults(told: Told[], contents: Contents, heads: Map<string, string>): string[] {
  const faults: string[] = [];
  const sum: Contents = new Map();
  const last = new Map<string, Told>();
  let seq = 0;
  for (const event of told) {
    const before = last.get(event.did);
    if (event.seq <= seq) faults.push(`firehose: seq ${event.seq} after ${seq}`);
    if (before !== undefined) {
      if (event.rev <= before.rev) faults.push(`firehose: ${event.did} rev ${event.rev} after ${before.rev}`);
      if (event.since !== before.rev)
        faults.push(`firehose: seq ${event.seq} since ${event.since}, not ${before.rev}`);
      if (event.prevData !== before.data)
        faults.push(`firehose: seq ${event.seq} does not follow seq ${before.seq}`);
    }
    for (const { action, uri, cid } of event.ops) {
      if ((action === "create") === sum.has(uri))
        faults.push(`firehose: seq ${event.seq} ${action} of ${uri}`);
      if (cid === null) sum.delete(uri);
      else sum.set(uri, cid);
    }
    last.set(event.did, event);
    seq = event.seq;
  }
  for (const [did, head] of heads) {
    const final = last.get(did)?.commit;
    if (final !== head) faults.push(`firehose: ${did} ends at ${final}, the repo at ${head}`);
  }
  faults.push(...differences("firehose", sum, contents));
  return faults;
}

function differences(where: string, shown: Contents, contents: Contents): string[] {
  const faults: string[] = [];
  for (const [uri, cid] of contents) {
    if (shown.get(uri) !== cid) faults.push(`${where}: ${uri} is ${shown.get(uri)}, in the repo ${cid}`);
  }
  for (const uri of shown.keys()) {
    if (!contents.has(uri)) faults.push(`${where}: ${uri} is not in the repo`);
  }
  return faults;
}

/**
 * Compares the index with the repo: the posts, the authors' feeds and the counts. Waits until ingest is done.
 */
async function indexFaults(
  origin: string,
  accounts: Account[],
  contents: Contents,
  texts: Map<string, string>,
): Promise<string[]> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const faults = await indexFaultsNow(origin, accounts, contents, texts);
    if (faults.length === 0 || Date.now() > deadline) return faults;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function indexFaultsNow(
  origin: string,
  accounts: Account[],
  contents: Contents,
  texts: Map<string, string>,
): Promise<string[]> {
  const faults: string[] = [];
  const posts = new Map([...contents].filter(([uri]) => uri.includes(POST)));
  const likes = new Map<string, number>();
  for (const [uri, subject] of texts) {
    if (uri.includes(LIKE)) likes.set(subject, 1);
  }
  const indexed = await readPosts(origin, [...posts.keys()]);
  const shown: Contents = new Map([...indexed].map(([uri, { cid }]) => [uri, cid]));
  faults.push(...differences("index", shown, posts));
  for (const { uri, likeCount } of indexed.values()) {
    const expected = likes.get(uri) ?? 0;
    if (likeCount !== expected) faults.push(`index: ${uri} has ${likeCount} likes, not ${expected}`);
  }
  for (const { did, name } of accounts) {
    const own = [...posts.keys()].filter((uri) => uri.startsWith(`at://${did}/`));
    const feed = await readFeed(origin, did);
    if (new Set(feed).size !== feed.length) faults.push(`index: ${name}'s feed shows a post twice`);
    if (feed.toSorted().join() !== own.toSorted().join()) {
      faults.push(`index: ${name}'s feed has ${feed.length} posts, the repo ${own.length}`);
    }
    const params = { actor: did };
    const profile = (await xrpc(origin, "app.bsky.actor.getProfile", { params })) as { postsCount?: number };
    if (profile.postsCount !== own.length) {
      faults.push(`index: ${name} has ${profile.postsCount} posts by the profile, ${own.length} by the repo`);
    }
  }
  return faults;
}
