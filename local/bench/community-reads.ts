/** What members read, on a loaded community. */
import { startHost } from "../host.ts";
import { Client, Xrpc, textIn, type Params } from "./client.ts";
import { passwordOf, type Guest, type LoadedCommunity } from "./community-load.ts";
import { cpuMsEach } from "./measure.ts";
import { percentile, runLoad } from "./load.ts";
import { parseCost } from "./measures-write.ts";
import { seededRandom, sentence } from "./records.ts";

export interface ReadFigures {
  name: string;
  p50: number;
  p99: number;
  /** CPU of the host, ms each; null where it is not known. */
  cpu: number | null;
  /** Rows that the index read for one request, on average; null where the host does not say. */
  rowsRead: number | null;
  /** Round trips to the index. */
  trips: number | null;
  /** Bytes of the answers, on average. */
  bytes: number;
}

export interface WriteFigures {
  name: string;
  /** Rows written by account, sequencer and index. */
  rows: Record<string, number>;
}

interface Reader extends Guest {
  xrpc: Xrpc;
}

interface ReadKind {
  name: string;
  nsid: string;
  /** The parameters of the n-th request. */
  params: (n: number) => Params;
  readers?: Reader[];
}

function pick<T>(list: readonly T[], n: number): T {
  const item = list[n % list.length];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

const LIMIT = 50;

function readKinds(community: LoadedCommunity, readers: Reader[]): ReadKind[] {
  const random = seededRandom(11);
  const { members, posts } = community;
  const keen = readers.filter((reader) => reader.keen);
  const mean = readers.filter((reader) => !reader.keen);
  const actor = (n: number): Params => ({ actor: pick(members, n), limit: LIMIT });
  return [
    {
      name: "getTimeline",
      nsid: "app.bsky.feed.getTimeline",
      params: () => ({ limit: LIMIT }),
      readers: mean,
    },
    {
      name: "getTimeline, follows 5,000",
      nsid: "app.bsky.feed.getTimeline",
      params: () => ({ limit: LIMIT }),
      readers: keen,
    },
    { name: "getAuthorFeed", nsid: "app.bsky.feed.getAuthorFeed", params: actor },
    { name: "getPostThread", nsid: "app.bsky.feed.getPostThread", params: (n) => ({ uri: pick(posts, n) }) },
    {
      name: "getPostThreadV2",
      nsid: "app.bsky.unspecced.getPostThreadV2",
      params: (n) => ({ anchor: pick(posts, n) }),
    },
    { name: "getProfile", nsid: "app.bsky.actor.getProfile", params: (n) => ({ actor: pick(members, n) }) },
    {
      name: "listNotifications",
      nsid: "app.bsky.notification.listNotifications",
      params: () => ({ limit: LIMIT }),
      readers: mean,
    },
    {
      name: "searchPosts",
      nsid: "app.bsky.feed.searchPosts",
      params: () => ({ q: sentence(random, 10), limit: LIMIT }),
    },
    { name: "getFollowers", nsid: "app.bsky.graph.getFollowers", params: actor },
  ];
}

async function signIn(client: Client, guests: readonly Guest[]): Promise<Reader[]> {
  const readers: Reader[] = [];
  for (const guest of guests) {
    const input = { identifier: guest.handle, password: passwordOf(guest.handle) };
    const reply = await new Xrpc(client).procedure("com.atproto.server.createSession", input);
    readers.push({ ...guest, xrpc: new Xrpc(client, textIn(reply, "accessJwt")) });
  }
  return readers;
}

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

async function measureRead(
  { name, nsid, params, readers }: ReadKind,
  all: Reader[],
  pid: number | null,
  requests: number,
): Promise<ReadFigures> {
  const rows: number[] = [];
  const trips: number[] = [];
  let bytes = 0;
  const ask = async (n: number, headers: Record<string, string> = {}) => {
    const reply = await pick(readers ?? all, n).xrpc.query(nsid, params(n), { headers });
    bytes = reply.body.length;
    const cost = parseCost(reply.headers["atoll-cost"]);
    const index = cost.get("index");
    if (index !== undefined) rows.push(index.read);
    const trip = /trips=(\d+)/.exec(String(reply.headers["atoll-cost"] ?? ""))?.[1];
    if (trip !== undefined) trips.push(Number(trip));
    return reply;
  };
  let total = 0;
  for (let n = 0; n < 20; n++) {
    await ask(n, { "atoll-cost": "1" });
    total += bytes;
  }
  const load = await runLoad(pid, 1, requests, (n) => ask(n));
  return {
    name,
    p50: percentile(load.ms, 0.5),
    p99: percentile(load.ms, 0.99),
    cpu: cpuMsEach(load.cpu, load.ms.length),
    rowsRead: mean(rows),
    trips: mean(trips),
    bytes: total / 20,
  };
}

/** A record of each kind, of a guest's, with what its write costs in rows. */
async function measureWrites(community: LoadedCommunity, writer: Reader): Promise<WriteFigures[]> {
  const [subject] = community.guests[0]?.posts ?? [];
  const member = pick(community.members, community.members.length - 1);
  const createdAt = new Date().toISOString();
  const kinds: [string, string, Record<string, unknown>][] = [
    ["post", "app.bsky.feed.post", { text: "a post", createdAt }],
    [
      "reply",
      "app.bsky.feed.post",
      { text: "a reply", createdAt, reply: { root: subject, parent: subject } },
    ],
    [
      "quote",
      "app.bsky.feed.post",
      { text: "a quote", createdAt, embed: { $type: "app.bsky.embed.record", record: subject } },
    ],
    ["like", "app.bsky.feed.like", { subject, createdAt }],
    ["repost", "app.bsky.feed.repost", { subject, createdAt }],
    ["follow", "app.bsky.graph.follow", { subject: member, createdAt }],
  ];
  const figures: WriteFigures[] = [];
  for (const [name, collection, record] of kinds) {
    const input = { repo: writer.did, collection, record: { $type: collection, ...record } };
    const reply = await writer.xrpc.procedure("com.atproto.repo.createRecord", input, { "atoll-cost": "1" });
    const costs = parseCost(reply.headers["atoll-cost"]);
    figures.push({
      name,
      rows: Object.fromEntries([...costs].map(([station, { written }]) => [station, written])),
    });
    // Taken back, so that the next run finds the community as this one did.
    const rkey = textIn(reply, "uri").split("/").at(-1);
    await writer.xrpc.procedure("com.atproto.repo.deleteRecord", { repo: writer.did, collection, rkey });
  }
  return figures;
}

export interface CommunityFigures {
  reads: ReadFigures[];
  writes: WriteFigures[];
  failures: string[];
}

export async function measureReads(community: LoadedCommunity, requests: number): Promise<CommunityFigures> {
  const host = await startHost({
    dataDir: community.folder,
    vars: { REGISTRATION: "open", RATE_LIMITS: "off" },
  });
  const client = new Client(host.origin);
  const failures: string[] = [];
  try {
    const readers = await signIn(client, community.guests);
    const reads: ReadFigures[] = [];
    for (const kind of readKinds(community, readers)) {
      try {
        reads.push(await measureRead(kind, readers, host.pid, requests));
      } catch (thrown) {
        failures.push(`${kind.name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      }
    }
    const writes = await measureWrites(community, pick(readers, 1));
    return { reads, writes, failures };
  } finally {
    client.close();
    await host.stop();
  }
}
