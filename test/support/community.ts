/** A small community for tests: its members' repos, and the events of their writes, in order. */
import { env } from "cloudflare:workers";
import type { Did, ResourceUri } from "@atcute/lexicons";
import { writeCar } from "../../src/protocol/car.ts";
import { encode } from "../../src/protocol/cbor.ts";
import { cidOfCbor } from "../../src/protocol/cid.ts";
import { jsonToLex } from "../../src/protocol/data-model.ts";
import {
  type EncodedEntry,
  encodeAccountEntry,
  encodeCommitEntry,
  encodeIdentityEntry,
  encodeSyncEntry,
  spliceSeq,
} from "../../src/protocol/event-frames.ts";
import type { AccountStatus, RepoOp, SequencedEvent } from "../../src/protocol/events.ts";
import type { BackfillSource, StoredRecord } from "../../src/protocol/stations.ts";
import { tidFromMicros } from "../../src/protocol/tid.ts";
import { DERIVED } from "../../src/appview/index/rebuild.ts";
import { ingest } from "../../src/appview/index/ingest.ts";

export interface Ref {
  uri: ResourceUri;
  cid: string;
}
type Json = Record<string, unknown>;
export type Write = { path: string; record: Json | null };

export const bindings = env as never as { APPVIEW_DB: D1Database; DIRECTORY: D1Database };
/** The host that views are made for. */
export const HOST = {
  origin: "https://atoll.test",
  did: "did:web:atoll.test",
  hostname: "atoll.test",
  name: "Atoll",
  labels: [],
  blockedWords: [],
} as const;

/** A directory whose moderators have done nothing, and in which nobody has bookmarked anything. */
export const noActs = (): AsyncIterable<never[]> => ({
  async *[Symbol.asyncIterator]() {},
});

const START = Date.UTC(2026, 0, 1);

export class Community {
  readonly repos = new Map<string, Map<string, StoredRecord>>();
  readonly dids = new Map<string, Did>();
  /** Events not yet ingested. */
  queue: SequencedEvent[] = [];
  seq = 0;
  cursor = 0;
  stored = 0;
  now = START;
  readonly db: D1Database;

  constructor(db: D1Database = bindings.APPVIEW_DB) {
    this.db = db;
  }

  did(name: string): Did {
    return this.dids.get(name) ?? (`did:plc:${name.padEnd(24, "x")}` as Did);
  }

  tick(ms = 60_000): number {
    this.now += ms;
    return this.now;
  }

  push(entry: EncodedEntry): SequencedEvent {
    this.seq += 1;
    const event = { seq: this.seq, frame: spliceSeq(entry.frame, entry.seqAt, this.seq) };
    this.queue.push(event);
    return event;
  }

  private time = () => new Date(this.now).toISOString();

  /** Adds a new account for each name, with a handle. */
  join(...names: string[]): void {
    for (const name of names) {
      const did = this.did(name);
      this.dids.set(name, did);
      this.repos.set(did, new Map());
      this.tick();
      this.handle(name, `${name}.test`);
      this.status(name, "active");
    }
  }

  /** Makes all who joined members of this host in the directory, so that it keeps their private state. */
  async house(): Promise<void> {
    const rows = [...this.dids].map(([name, did]) => [did, `${name}.test`]);
    await bindings.DIRECTORY.prepare(
      `INSERT OR IGNORE INTO account (did, handle, state, created_at)
        SELECT value ->> 0, value ->> 1, 'active', '2026-01-01' FROM json_each(?1)`,
    )
      .bind(JSON.stringify(rows))
      .run();
  }

  handle(name: string, handle: string | undefined): void {
    const named = handle === undefined ? {} : { handle };
    this.push(encodeIdentityEntry({ did: this.did(name), time: this.time(), ...named }));
  }

  status(name: string, status: AccountStatus): void {
    const state = status === "active" ? { active: true } : { active: false, status };
    this.push(encodeAccountEntry({ did: this.did(name), time: this.time(), ...state }));
  }

  /** Emits #sync, as after an import; `repos` must already hold the repo. */
  sync(name: string): void {
    const rev = tidFromMicros(this.tick() * 1000);
    this.push(encodeSyncEntry({ did: this.did(name), time: this.time(), rev, blocks: new Uint8Array([1]) }));
  }

  /** Makes one commit; returns the refs of the records it wrote. */
  commit(name: string, writes: Write[], options: { silent?: boolean } = {}): Ref[] {
    const did = this.did(name);
    const repo = this.repos.get(did) ?? new Map<string, StoredRecord>();
    this.repos.set(did, repo);
    const rev = tidFromMicros(this.tick(1000) * 1000);
    const blocks = [];
    const ops: RepoOp[] = [];
    const refs: Ref[] = [];
    for (const { path, record } of writes) {
      const before = repo.get(path);
      const uri = `at://${did}/${path}` as ResourceUri;
      if (record === null) {
        repo.delete(path);
        ops.push({ action: "delete", path, cid: null, ...(before ? { prev: before.cid } : {}) });
        continue;
      }
      const bytes = encode(jsonToLex({ $type: path.split("/")[0], ...record }));
      const cid = cidOfCbor(bytes);
      blocks.push({ cid, bytes });
      repo.set(path, { path, cid, rev, bytes });
      ops.push(before ? { action: "update", path, cid, prev: before.cid } : { action: "create", path, cid });
      refs.push({ uri, cid });
    }
    const commit = encode({ did, rev });
    const root = cidOfCbor(commit);
    if (!options.silent) {
      this.push(
        encodeCommitEntry({
          did,
          rev,
          ops,
          commit: root,
          since: null,
          time: this.time(),
          blocks: writeCar([root], [{ cid: root, bytes: commit }, ...blocks]),
        }),
      );
    }
    return refs;
  }

  /** Creates one record, under the next TID unless `rkey` is given. */
  create(name: string, collection: string, record: Json, rkey?: string): Ref {
    const key = rkey ?? tidFromMicros(this.tick() * 1000, 7);
    const [ref] = this.commit(name, [{ path: `${collection}/${key}`, record: this.dated(record) }]);
    if (ref === undefined) throw new Error("nothing written");
    return ref;
  }

  dated = (record: Json): Json => ({ createdAt: new Date(this.now).toISOString(), ...record });

  remove(ref: Ref): void {
    const [, , did = "", ...path] = ref.uri.split("/");
    const name = [...this.dids].find(([, one]) => one === did)?.[0] ?? "";
    this.commit(name, [{ path: path.join("/"), record: null }]);
  }

  post(name: string, text: string, more: Json = {}, rkey?: string): Ref {
    return this.create(name, "app.bsky.feed.post", { text, ...more }, rkey);
  }
  reply(name: string, text: string, parent: Ref, root: Ref = parent, more: Json = {}): Ref {
    return this.post(name, text, { reply: { parent, root }, ...more });
  }
  quote(name: string, text: string, record: Ref, more: Json = {}): Ref {
    return this.post(name, text, { embed: { $type: "app.bsky.embed.record", record }, ...more });
  }
  like(name: string, subject: Ref, more: Json = {}): Ref {
    return this.create(name, "app.bsky.feed.like", { subject, ...more });
  }
  repost(name: string, subject: Ref, more: Json = {}): Ref {
    return this.create(name, "app.bsky.feed.repost", { subject, ...more });
  }
  follow(name: string, subject: string): Ref {
    return this.create(name, "app.bsky.graph.follow", { subject: this.did(subject) });
  }
  block(name: string, subject: string): Ref {
    return this.create(name, "app.bsky.graph.block", { subject: this.did(subject) });
  }
  profile(name: string, record: Json): Ref {
    return this.create(name, "app.bsky.actor.profile", record, "self");
  }
  mention(name: string): Json {
    return {
      facets: [
        {
          index: { byteStart: 0, byteEnd: 1 },
          features: [{ $type: "app.bsky.richtext.facet#mention", did: this.did(name) }],
        },
      ],
    };
  }

  account = (did: Did): BackfillSource => ({
    backfill: (cursor) => {
      const repo = this.repos.get(did);
      if (repo === undefined)
        return Promise.reject({ error: "RepoNotFound", status: 400, message: "no repo" });
      const records = [...repo.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
      const from = cursor === undefined ? 0 : records.findIndex(({ path }) => path > cursor);
      const page = from < 0 ? [] : records.slice(from, from + 3);
      const next = page.at(-1)?.path;
      const rev = records.reduce((max, one) => (one.rev > max ? one.rev : max), "");
      const more = from >= 0 && from + 3 < records.length && next !== undefined ? { next } : {};
      return Promise.resolve({ rev, records: page, ...more });
    },
    revs: (paths) => Promise.resolve(paths.map((path) => this.repos.get(did)?.get(path)?.rev ?? null)),
    recordsAt: (paths) => Promise.resolve(paths.flatMap((path) => this.repos.get(did)?.get(path) ?? [])),
  });

  /** Sends the queued events, as the sequencer would. */
  async index(): Promise<void> {
    const events = this.queue;
    this.queue = [];
    const context = { db: this.db, source: "host" as const, account: this.account, now: () => this.now };
    let rest = events;
    do {
      const at = { passed: this.cursor, stored: this.stored };
      ({ passed: this.cursor, stored: this.stored } = await ingest(context, at, rest));
      if (this.cursor === at.passed) return;
      rest = rest.filter(({ seq }) => seq > this.cursor);
    } while (rest.length > 0);
  }
}

export interface Cost {
  trips: number;
  read: number;
  written: number;
}

/** The database, and the cost of its batches since the last `reset`. */
export function counting(db: D1Database): { db: D1Database; cost: Cost; reset(): void } {
  const cost: Cost = { trips: 0, read: 0, written: 0 };
  const counted = new Proxy(db, {
    get(target, key) {
      if (key === "batch") {
        return async (statements: D1PreparedStatement[]) => {
          const results = await target.batch(statements);
          cost.trips += 1;
          for (const { meta } of results) {
            cost.read += meta.rows_read;
            cost.written += meta.rows_written;
          }
          return results;
        };
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const reset = () => Object.assign(cost, { trips: 0, read: 0, written: 0 });
  return { db: counted, cost, reset };
}

/** What a rebuild makes again, but for the tables of the search, which have rows of their own for each word. */
const TABLES = ["actor", ...DERIVED.filter((table) => !/_(search|word)$/.test(table))];

/**
 * Everything in the index, for comparison. Leaves out when an account last wrote, which outlives the writes.
 */
export async function dump(db: D1Database): Promise<Record<string, unknown[]>> {
  const results = await db.batch<Json>(TABLES.map((table) => db.prepare(`SELECT * FROM "${table}"`)));
  return Object.fromEntries(
    TABLES.map((table, i) => [table, (results[i]?.results ?? []).map((row) => ({ ...row, written: null }))]),
  );
}
