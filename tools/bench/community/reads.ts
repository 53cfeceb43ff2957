/** Measures members' reads on a loaded community. */
import { startHost } from "../../dev/host.ts";
import { Client, Xrpc, textIn, type Params } from "../client.ts";
import { passwordOf, type Guest, type LoadedCommunity } from "./load.ts";
import { cpuMsEach } from "../measure.ts";
import { percentile, runLoad } from "../load.ts";
import { parseCost } from "../spine/write.ts";
import { seededRandom, sentence } from "../records.ts";

export interface ReadFigures {
  name: string;
  p50: number;
  p99: number;
  /** CPU of the host per request, ms; null if not known. */
  cpu: number | null;
  /** Mean rows that the index reads per request; null if the host does not say. */
  rowsRead: number | null;
  /** Mean round trips to the index; null if the host does not say. */
  trips: number | null;
  /** Mean bytes of an answer. */
  bytes: number;
}

export interface WriteFigures {
  name: string;
  /** Rows written, by station: account, sequencer, index. */
  rows: Record<string, number>;
}

interface Reader extends Guest {
  xrpc: Xrpc;
}

interface ReadKind {
  name: string;
  nsid: string;
  /** Parameters of the n-th request. */
  params: (n: number) => Params;
  readers?: Reader[];
}

function pick<T>(list: readonly T[], n: number): T {
  const item = list[n % list.length];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

const LIMIT = 50;
/** Number of requests whose rows, trips and bytes are counted. */
const COUNTED = 20;
/** Rounds in which the communities take turns with one kind of read. */
const ROUNDS = 5;

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

/** Measures one kind of read at one community, round by round. */
class ReadMeasure {
  readonly #kind: ReadKind;
  readonly #community: OpenCommunity;
  readonly #ms: number[] = [];
  readonly #rows: number[] = [];
  readonly #trips: number[] = [];
  #cpu: number | null = 0;
  #bytes = 0;

  constructor(kind: ReadKind, community: OpenCommunity) {
    this.#kind = kind;
    this.#community = community;
  }

  #ask(n: number, headers: Record<string, string> = {}) {
    const { nsid, params, readers } = this.#kind;
    return pick(readers ?? this.#community.readers, n).xrpc.query(nsid, params(n), { headers });
  }

  /** Counts rows, trips and bytes per request. This also warms up the host. */
  async count(): Promise<void> {
    for (let n = 0; n < COUNTED; n++) {
      const { headers, body } = await this.#ask(n, { "atoll-cost": "1" });
      this.#bytes += body.length;
      const index = parseCost(headers["atoll-cost"]).get("index");
      if (index !== undefined) this.#rows.push(index.read);
      const trip = /trips=(\d+)/.exec(String(headers["atoll-cost"] ?? ""))?.[1];
      if (trip !== undefined) this.#trips.push(Number(trip));
    }
  }

  async round(requests: number): Promise<void> {
    const begun = this.#ms.length;
    const load = await runLoad(this.#community.pid, 1, requests, (n) => this.#ask(begun + n));
    this.#ms.push(...load.ms);
    this.#cpu = this.#cpu === null || load.cpu === null ? null : this.#cpu + load.cpu;
  }

  figures(): ReadFigures {
    const ms = this.#ms.toSorted((a, b) => a - b);
    return {
      name: this.#kind.name,
      p50: percentile(ms, 0.5),
      p99: percentile(ms, 0.99),
      cpu: cpuMsEach(this.#cpu, ms.length),
      rowsRead: mean(this.#rows),
      trips: mean(this.#trips),
      bytes: this.#bytes / COUNTED,
    };
  }
}

/** Writes one record of each kind as a guest, and counts the rows written. */
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
    // Deleted, so that the next run finds the community unchanged.
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

/** A community on a running host, and its signed-in guests. */
export interface OpenCommunity {
  community: LoadedCommunity;
  readers: Reader[];
  pid: number | null;
  close(): Promise<void>;
}

export async function openCommunity(community: LoadedCommunity): Promise<OpenCommunity> {
  const vars = { REGISTRATION: "open", RATE_LIMITS: "off" } as const;
  const host = await startHost({ dataDir: community.folder, vars });
  const client = new Client(host.origin);
  const close = () => {
    client.close();
    return host.stop();
  };
  return { community, readers: await signIn(client, community.guests), pid: host.pid, close };
}

/**
 * Measures each kind of read at all communities in turns: the machine's speed varies by a third between
 * minutes.
 */
export async function measureReads(
  communities: OpenCommunity[],
  requests: number,
): Promise<CommunityFigures[]> {
  const figures = communities.map((): CommunityFigures => ({ reads: [], writes: [], failures: [] }));
  const kinds = communities.map((open) => readKinds(open.community, open.readers));
  for (const index of kinds[0]?.keys() ?? []) {
    const measures = communities.map((open, i) => new ReadMeasure(pick(kinds[i] ?? [], index), open));
    try {
      for (const measure of measures) await measure.count();
      for (let round = 0; round < ROUNDS; round++) {
        for (const measure of measures) await measure.round(Math.ceil(requests / ROUNDS));
      }
      for (const [i, measure] of measures.entries()) figures[i]?.reads.push(measure.figures());
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      for (const one of figures) one.failures.push(`${kinds[0]?.[index]?.name}: ${why}`);
    }
  }
  for (const [i, { community, readers }] of communities.entries()) {
    figures[i]?.writes.push(...(await measureWrites(community, pick(readers, 1))));
  }
  return figures;
}
