/**
 * Generates a community and loads it into a folder that is kept. The next run on the same schema uses it
 * again, or resumes an interrupted load: the same seed gives the same logs, and the sequencer skips entries
 * that it has.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { encode, toBytes } from "@atcute/cbor";
import type { LogEntry } from "../../../src/protocol/events.ts";
import { startHost } from "../../dev/host.ts";
import { ROOT } from "../../dev/wrangler-file.ts";
import { Client, Xrpc, createAccount, textIn } from "../client.ts";
import { MemberLog } from "./events.ts";
import { startOpenHost, type OpenHost } from "../open-host.ts";
import { Community, MEAN, type Made, type Subject } from "./members.ts";
import { cpuSeconds } from "../process.ts";
import { EPOCH_MS } from "../records.ts";

const SEED = 4;
/** Numbers of the real accounts that read the community. */
const GUESTS = { mean: 4, keen: 1 };
/** Number of members that the keen guest follows; at most half of the community. */
const MANY = 5000;

export interface Guest {
  handle: string;
  did: string;
  keen: boolean;
  posts: Subject[];
}

/** The figures of a load. */
export interface Loading {
  members: number;
  records: number;
  events: number;
  seconds: number;
  recordsPerSecond: number;
  cpuPerThousand: number | null;
}

export interface LoadedCommunity {
  folder: string;
  guests: Guest[];
  /** URIs of some posts, evenly spread over time. */
  posts: string[];
  /** DIDs of some members, drawn by popularity. */
  members: string[];
  loading: Loading;
}

const GUEST_LIST = "guests.json";

export const passwordOf = (handle: string): string => `password of ${handle.replace(".test", "")}`;

/** A hash of everything that determines the folder's content. */
function fingerprint(): string {
  const hash = createHash("sha256").update(
    `${SEED} ${JSON.stringify(GUESTS)} ${JSON.stringify(MEAN)} ${MANY}`,
  );
  const files = ["account", "appview", "directory", "sequencer"].flatMap((part) => {
    const folder = path.join(ROOT, "migrations", part);
    return readdirSync(folder)
      .toSorted()
      .map((name) => path.join(folder, name));
  });
  for (const file of [...files, path.join(import.meta.dirname, "members.ts")]) {
    hash.update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 12);
}

export async function loadCommunity(
  size: number,
  rebuild: boolean,
  say: (line: string) => void,
): Promise<LoadedCommunity> {
  const base = path.join(ROOT, ".atoll/bench");
  const name = `community-${size}-${fingerprint()}`;
  const folder = path.join(base, name);
  const kept = path.join(folder, "community.json");
  if (!rebuild && existsSync(kept)) {
    return { ...(JSON.parse(readFileSync(kept, "utf8")) as LoadedCommunity), folder };
  }
  mkdirSync(folder, { recursive: true });
  const begun = !rebuild && existsSync(path.join(folder, GUEST_LIST));
  // Communities of other schemas are large and of no more use.
  for (const other of readdirSync(base).filter((entry) => entry.startsWith(`community-${size}-`))) {
    if (other !== name || !begun) rmSync(path.join(base, other), { recursive: true, force: true });
  }
  mkdirSync(folder, { recursive: true });
  const community = new Community(size, SEED);
  say(`community of ${size}: writing its posts`);
  const writings = community.writings();
  const guests = await inviteGuests(folder, community);
  const loader = await startOpenHost(folder);
  try {
    const loading = await deliverAll(loader, community, writings, guests, say);
    const loaded = { folder, guests, loading, ...examples(community) };
    writeFileSync(kept, JSON.stringify(loaded, null, 1));
    return loaded;
  } finally {
    await loader.stop();
  }
}

function examples(community: Community): Pick<LoadedCommunity, "posts" | "members"> {
  const { posts, members, size } = community;
  const step = Math.floor(posts.length / 200);
  const picked = new Set<number>();
  for (let i = 0; i < 200; i++) picked.add(community.popular.next() % size);
  return {
    posts: Array.from({ length: 200 }, (_, i) => posts[i * step]?.uri ?? ""),
    members: [...picked].map((i) => members[i]?.did ?? ""),
  };
}

/**
 * Creates real accounts with real records: they post, and follow some, or very many, of the members to come.
 */
async function inviteGuests(folder: string, community: Community): Promise<Guest[]> {
  const { size } = community;
  // Always drawn, since later draws depend on it.
  const wishes = Array.from({ length: GUESTS.mean + GUESTS.keen }, (_, i) =>
    chosen(community, Math.min(i < GUESTS.mean ? MEAN.follows : MANY, size >> 1)),
  );
  const list = path.join(folder, GUEST_LIST);
  if (existsSync(list)) return JSON.parse(readFileSync(list, "utf8")) as Guest[];
  const host = await startHost({ dataDir: folder, vars: { REGISTRATION: "open", RATE_LIMITS: "off" } });
  const client = new Client(host.origin);
  try {
    const guests: Guest[] = [];
    for (const [i, wished] of wishes.entries()) {
      const account = await createAccount(client, `guest${i}`);
      const xrpc = new Xrpc(client, account.token);
      const posts: Subject[] = [];
      for (let n = 0; n < 20; n++) {
        const record = {
          text: `guest ${i} says ${n}`,
          createdAt: new Date(EPOCH_MS + n * 3_600_000).toISOString(),
        };
        const input = { repo: account.did, collection: "app.bsky.feed.post", record };
        const reply = await xrpc.procedure("com.atproto.repo.createRecord", input);
        posts.push({ uri: textIn(reply, "uri"), cid: textIn(reply, "cid") });
      }
      await followMany(xrpc, account.did, wished);
      guests.push({ handle: account.handle, did: account.did, keen: i >= GUESTS.mean, posts });
    }
    writeFileSync(list, JSON.stringify(guests));
    return guests;
  } finally {
    client.close();
    await host.stop();
  }
}

function chosen(community: Community, count: number): string[] {
  const picked = new Set<number>();
  for (let tries = 0; picked.size < count; tries++) {
    // After many tries, the most popular are all taken: the rest is filled in order.
    picked.add(tries < count * 10 ? community.popular.next() : tries % community.size);
  }
  return [...picked].map((i) => community.members[i]?.did ?? "");
}

async function followMany(xrpc: Xrpc, repo: string, subjects: readonly string[]): Promise<void> {
  const createdAt = new Date(EPOCH_MS).toISOString();
  for (let from = 0; from < subjects.length; from += 200) {
    const writes = subjects.slice(from, from + 200).map((subject) => ({
      $type: "com.atproto.repo.applyWrites#create",
      collection: "app.bsky.graph.follow",
      value: { $type: "app.bsky.graph.follow", subject, createdAt },
    }));
    await xrpc.procedure("com.atproto.repo.applyWrites", { repo, writes });
  }
}

/** Approximate bytes of one delivery. */
const DELIVERY_BYTES = 2_000_000;
/** Number of events that ingest may lag before the next delivery waits. */
const MAX_BEHIND = 400;

class Deliveries {
  readonly #loader: OpenHost;
  #logs: { did: string; entries: unknown[] }[] = [];
  #bytes = 0;
  events = 0;

  constructor(loader: OpenHost) {
    this.#loader = loader;
  }

  async add(did: string, entries: readonly LogEntry[]): Promise<void> {
    this.#logs.push({ did, entries: entries.map((entry) => ({ ...entry, frame: toBytes(entry.frame) })) });
    this.events += entries.length;
    for (const { frame } of entries) this.#bytes += frame.length;
    if (this.#bytes > DELIVERY_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const body = encode({ logs: this.#logs });
    this.#logs = [];
    this.#bytes = 0;
    await this.#loader.deliver(body);
    await this.untilWithin(MAX_BEHIND);
  }

  async untilWithin(behind: number): Promise<void> {
    for (;;) {
      const { seq, indexed, ingestError } = await this.#loader.status();
      if (ingestError !== null) throw new Error(`ingest: ${ingestError}`);
      if (seq - indexed <= behind) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function deliverAll(
  loader: OpenHost,
  community: Community,
  writings: Iterable<Made[]>,
  guests: Guest[],
  say: (line: string) => void,
): Promise<Loading> {
  const deliveries = new Deliveries(loader);
  await deliveries.untilWithin(0);
  const logs = community.members.map(({ did }) => new MemberLog(did));
  const before = cpuSeconds(loader.pid);
  const begun = performance.now();
  const now = Date.now();
  let records = 0;
  const pass = async (what: string, batches: Iterable<Made[]>, arriving: boolean) => {
    let i = -1;
    for (const batch of batches) {
      i++;
      const log = logs[i];
      const member = community.members[i];
      if (log === undefined || member === undefined) continue;
      const arrival = arriving ? log.arrival(member.handle, now) : [];
      await deliveries.add(member.did, [...arrival, ...log.commits(batch, now)]);
      records += batch.length;
      if (i % 1000 === 999) say(`  ${what}: ${i + 1} members, ${records} records, ${elapsed(begun)} s`);
    }
  };
  await pass("profiles and posts", writings, true);
  await pass("follows, likes, reposts", community.reactions(guests), false);
  await deliveries.flush();
  await deliveries.untilWithin(0);
  const seconds = (performance.now() - begun) / 1000;
  const after = cpuSeconds(loader.pid);
  return {
    members: community.size,
    records,
    events: deliveries.events,
    seconds,
    recordsPerSecond: records / seconds,
    cpuPerThousand: before === null || after === null ? null : ((after - before) * 1000) / records,
  };
}

const elapsed = (since: number): string => ((performance.now() - since) / 1000).toFixed(0);
