/** Measures how fast single events reach the index of a loaded community, and its lag at a steady rate. */
import { encode, toBytes } from "@atcute/cbor";
import { MemberLog } from "./events.ts";
import { startOpenHost, type OpenHost } from "../open-host.ts";
import type { LogEntry } from "../../../src/protocol/events.ts";
import type { LoadedCommunity } from "./load.ts";
import { recordOf, type Made } from "./members.ts";
import { percentile } from "../load.ts";
import { cpuSeconds } from "../process.ts";
import { seededRandom, sentence, tidAt } from "../records.ts";
import { createHash } from "node:crypto";

export interface IngestFigures {
  /** Events of one record each that are sequenced and indexed per second. */
  eventsPerSecond: number;
  cpuPerThousand: number | null;
  /** Steady rate for the lags, in events per second. */
  rate: number;
  /** Milliseconds from delivery to the index. */
  lagP50: number;
  lagP99: number;
}

const BURST = 3000;
const RATE = 200;
const STEADY_SECONDS = 10;
const TICK_MS = 50;

/**
 * The log of a new member, as single events: posts, and as long as there are fewer events than members, every
 * fourth is a follow.
 */
class Stream {
  readonly #log: MemberLog;
  readonly #community: LoadedCommunity;
  readonly #random = seededRandom(Date.now());
  #count = 0;

  constructor(community: LoadedCommunity) {
    const digest = createHash("sha256").update(`newcomer ${Date.now()}`).digest("hex");
    this.#log = new MemberLog(`did:plc:${digest.replace(/[0189]/g, "z").slice(0, 24)}`);
    this.#community = community;
  }

  /** A delivery of the first events. */
  arrive(): Uint8Array {
    return this.#delivery(this.#log.arrival(`newcomer-${Date.now()}.test`, Date.now()));
  }

  /** A delivery of the next `count` events. */
  next(count: number): Uint8Array {
    const made = Array.from({ length: count }, () => this.#record());
    return this.#delivery(this.#log.commits(made, Date.now(), 1));
  }

  /** A delivery of the last event, which restores the community. */
  leave(): Uint8Array {
    return this.#delivery(this.#log.departure(Date.now()));
  }

  #delivery(entries: LogEntry[]): Uint8Array {
    const logs = [{ did: this.#log.did, entries: entries.map((e) => ({ ...e, frame: toBytes(e.frame) })) }];
    return encode({ logs });
  }

  #record(): Made {
    const createdAt = new Date().toISOString();
    const rkey = tidAt(Date.now(), this.#count++);
    const { members } = this.#community;
    const subject = members[this.#count % members.length];
    if (this.#count <= members.length && this.#count % 4 === 0) {
      const record = { $type: "app.bsky.graph.follow", subject, createdAt };
      return recordOf(`app.bsky.graph.follow/${rkey}`, record);
    }
    const record = { $type: "app.bsky.feed.post", text: sentence(this.#random, 80), createdAt };
    return recordOf(`app.bsky.feed.post/${rkey}`, record);
  }
}

async function untilIndexed(loader: OpenHost, seq: number): Promise<void> {
  while ((await loader.status()).indexed < seq) await new Promise((resolve) => setTimeout(resolve, 5));
}

export async function measureIngest(community: LoadedCommunity): Promise<IngestFigures> {
  const loader = await startOpenHost(community.folder);
  try {
    const { seq } = await loader.status();
    await untilIndexed(loader, seq);
    const stream = new Stream(community);
    await loader.deliver(stream.arrive());
    await untilIndexed(loader, (await loader.deliver(stream.next(200))).seq);
    const before = cpuSeconds(loader.pid);
    const begun = performance.now();
    let last = 0;
    for (let sent = 0; sent < BURST; sent += 500) last = (await loader.deliver(stream.next(500))).seq;
    await untilIndexed(loader, last);
    const seconds = (performance.now() - begun) / 1000;
    const after = cpuSeconds(loader.pid);
    const lags = await steady(loader, stream);
    await untilIndexed(loader, (await loader.deliver(stream.leave())).seq);
    return {
      eventsPerSecond: BURST / seconds,
      cpuPerThousand: before === null || after === null ? null : ((after - before) * 1000) / BURST,
      rate: RATE,
      lagP50: percentile(lags, 0.5),
      lagP99: percentile(lags, 0.99),
    };
  } finally {
    await loader.stop();
  }
}

/** The lags at the steady rate, sorted, in ms. */
async function steady(loader: OpenHost, stream: Stream): Promise<number[]> {
  const waiting: { seq: number; at: number }[] = [];
  const lags: number[] = [];
  const settle = (indexed: number) => {
    while (waiting[0] !== undefined && waiting[0].seq <= indexed) {
      lags.push(performance.now() - waiting[0].at);
      waiting.shift();
    }
  };
  const begun = performance.now();
  for (let tick = 0; tick * TICK_MS < STEADY_SECONDS * 1000; tick++) {
    const at = performance.now();
    const { seq, indexed } = await loader.deliver(stream.next((RATE * TICK_MS) / 1000));
    waiting.push({ seq, at });
    settle(indexed);
    while (performance.now() - begun < (tick + 1) * TICK_MS) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (waiting.length > 0) settle((await loader.status()).indexed);
    }
  }
  for (let tries = 0; waiting.length > 0 && tries < 2000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    settle((await loader.status()).indexed);
  }
  return lags.toSorted((a, b) => a - b);
}
