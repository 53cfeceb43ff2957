/** Measures members' reads on a loaded community. */
import { startHost } from "../../dev/host.ts";
import { Client, Xrpc, textIn, type Params, type Reply } from "../client.ts";
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
  /** Of a browser on which they are signed in. */
  cookie: string;
}

interface ReadKind {
  name: string;
  /** The n-th request. */
  ask: (reader: Reader, n: number, headers: Record<string, string>) => Promise<Reply>;
  readers?: Reader[];
}

/** A method of XRPC. */
const method =
  (nsid: string, params: (n: number) => Params): ReadKind["ask"] =>
  ({ xrpc }, n, headers) =>
    xrpc.query(nsid, params(n), { headers });

/** A page of the app, to a member or to a guest. */
const page =
  (path: (n: number) => string, who: "member" | "guest"): ReadKind["ask"] =>
  async ({ xrpc, cookie }, n, headers) => {
    const own = who === "member" ? { cookie } : {};
    const asked = path(n);
    const reply = await xrpc.client.send("GET", asked, {
      headers: { accept: "text/html", ...own, ...headers },
    });
    if (reply.status !== 200) throw new Error(`${asked}: ${reply.status}`);
    const isGuest = reply.headers["app-reader"] === "guest";
    if (isGuest !== (who === "guest")) throw new Error(`${asked}: not as a ${who} sees it`);
    return reply;
  };

function pick<T>(list: readonly T[], n: number): T {
  const item = list[n % list.length];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

const LIMIT = 50;
/** Posts on a page of the app. */
const PAGE = 30;
/** Number of requests whose rows, trips and bytes are counted. */
const COUNTED = 20;
/** Rounds in which the communities take turns with one kind of read. */
const ROUNDS = 5;

function readKinds(community: LoadedCommunity, readers: Reader[]): ReadKind[] {
  const random = seededRandom(11);
  const { members, posts } = community;
  const keen = readers.filter((reader) => reader.keen);
  const mean = readers.filter((reader) => !reader.keen);
  const ofMember = (n: number): Params => ({ actor: pick(members, n), limit: LIMIT });
  const timeline = method("app.bsky.feed.getTimeline", () => ({ limit: LIMIT }));
  const ofPost = (nsid: string, name: string) => method(nsid, (n) => ({ [name]: pick(posts, n) }));
  return [
    { name: "getTimeline", ask: timeline, readers: mean },
    { name: "getTimeline, follows 5,000", ask: timeline, readers: keen },
    {
      name: "getTimeline, as many as a page",
      ask: method("app.bsky.feed.getTimeline", () => ({ limit: PAGE })),
      readers: mean,
    },
    { name: "front page", ask: page(() => "/", "member"), readers: mean },
    { name: "profile, to a member", ask: page((n) => `/profile/${pick(members, n)}`, "member") },
    {
      name: "profile, to guests, from the edge's cache",
      ask: page(() => `/profile/${pick(members, 0)}`, "guest"),
    },
    { name: "getAuthorFeed", ask: method("app.bsky.feed.getAuthorFeed", ofMember) },
    { name: "getPostThread", ask: ofPost("app.bsky.feed.getPostThread", "uri") },
    { name: "getPostThreadV2", ask: ofPost("app.bsky.unspecced.getPostThreadV2", "anchor") },
    { name: "getProfile", ask: method("app.bsky.actor.getProfile", (n) => ({ actor: pick(members, n) })) },
    {
      name: "listNotifications",
      ask: method("app.bsky.notification.listNotifications", () => ({ limit: LIMIT })),
      readers: mean,
    },
    {
      name: "searchPosts",
      ask: method("app.bsky.feed.searchPosts", () => ({ q: sentence(random, 10), limit: LIMIT })),
    },
    { name: "getFollowers", ask: method("app.bsky.graph.getFollowers", ofMember) },
  ];
}

/** Signs in on a browser; returns its cookie. */
async function browserOf(client: Client, identifier: string): Promise<string> {
  const headers = { accept: "text/html" };
  const shown = await client.send("GET", "/account/sign-in", { headers });
  const cookie = cookiesOf(shown);
  const csrf = /name="csrf" value="([^"]*)"/.exec(shown.body.toString("utf8"))?.[1] ?? "";
  const form = { csrf, step: "sign-in", identifier, password: passwordOf(identifier), remember: "yes" };
  const reply = await client.send("POST", "/account/sign-in", {
    headers: {
      ...headers,
      cookie,
      origin: client.origin,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams(form).toString(),
  });
  if (reply.status !== 303) throw new Error(`sign-in: ${reply.status}`);
  return cookiesOf(shown, reply);
}

/** The cookies that the last of some replies have set; a browser forgets what they replace. */
function cookiesOf(...replies: Reply[]): string {
  const pairs = replies.flatMap(({ headers }) => headers["set-cookie"] ?? []);
  const byName = new Map(pairs.map((each) => [each.split("=")[0], each.split(";")[0]]));
  return [...byName.values()].join("; ");
}

async function signIn(client: Client, guests: readonly Guest[]): Promise<Reader[]> {
  const readers: Reader[] = [];
  for (const guest of guests) {
    const input = { identifier: guest.handle, password: passwordOf(guest.handle) };
    const reply = await new Xrpc(client).procedure("com.atproto.server.createSession", input);
    const cookie = await browserOf(client, guest.handle);
    readers.push({ ...guest, xrpc: new Xrpc(client, textIn(reply, "accessJwt")), cookie });
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
    const { ask, readers } = this.#kind;
    return ask(pick(readers ?? this.#community.readers, n), n, headers);
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
