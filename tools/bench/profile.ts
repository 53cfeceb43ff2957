/**
 * `node --import ./tools/dev/node.mjs tools/bench/profile.ts [what] [size]` profiles the Worker with V8's
 * sampling profiler while 16 clients do one thing. The runtime's native work (sockets, SQLite's pages, fsync)
 * shows as `(program)` and `(idle)`. what: createRecord (default), createNote, applyWrites, getRecord,
 * listRecords, uploadBlob, getRepo.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startHost } from "../dev/host.ts";
import { Client, Xrpc, createAccount, isObject, type Account, type Reply } from "./client.ts";
import { cpuPerThousand, perSecond, runLoad } from "./load.ts";
import { bundleReadably, startOpenHost } from "./open-host.ts";
import { COLLECTIONS, EPOCH_MS, makeRecord, sampleRepo, tidAt, type Kind } from "./records.ts";

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}

interface CpuProfile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

/** A session with one Worker's inspector (Chrome DevTools Protocol). */
class Inspector {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, (result: unknown) => void>();
  #next = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message: unknown = JSON.parse(String(data));
      if (!isObject(message) || typeof message["id"] !== "number") return;
      this.#pending.get(message["id"])?.(message["result"]);
      this.#pending.delete(message["id"]);
    });
  }

  static async open(list: string, name: string): Promise<Inspector> {
    const response = await fetch(`${list}/json`);
    const targets: unknown = await response.json();
    const found = Array.isArray(targets)
      ? targets.find((t) => isObject(t) && String(t["id"]).includes(name))
      : null;
    if (!isObject(found)) throw new Error(`no inspector of ${name}: ${JSON.stringify(targets)}`);
    const socket = new WebSocket(String(found["webSocketDebuggerUrl"]));
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error("the inspector refused")));
    });
    return new Inspector(socket);
  }

  ask(method: string, params: unknown = {}): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#pending.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  close(): void {
    this.#socket.close();
  }
}

/** Milliseconds by function: without (`self`) and with (`total`) its callees. */
function summarise({
  nodes,
  samples,
  timeDeltas,
}: CpuProfile): { name: string; self: number; total: number }[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const own = new Map<number, number>();
  samples.forEach((id, i) => own.set(id, (own.get(id) ?? 0) + (timeDeltas[i] ?? 0) / 1000));
  const nameOf = ({ callFrame: { functionName, lineNumber } }: ProfileNode) =>
    `${functionName === "" ? "(anonymous)" : functionName}:${lineNumber + 1}`;
  const sums = new Map<string, { self: number; total: number }>();
  const visit = (node: ProfileNode, above: ReadonlySet<string>): number => {
    const name = nameOf(node);
    const self = own.get(node.id) ?? 0;
    const within = new Set(above).add(name);
    let total = self;
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) total += visit(child, within);
    }
    const sum = sums.get(name) ?? { self: 0, total: 0 };
    sum.self += self;
    if (!above.has(name)) sum.total += total;
    sums.set(name, sum);
    return total;
  };
  const [root] = nodes;
  if (root !== undefined) visit(root, new Set());
  return [...sums].map(([name, sum]) => ({ name, ...sum }));
}

type Step = (index: number) => Promise<Reply>;

function stepOf(
  what: string,
  size: number,
  account: Account,
  xrpc: Xrpc,
): { kind: Kind; requests: number; step: Step } {
  const repo = account.did;
  const kind: Kind = what === "createNote" ? "note" : "post";
  const collection = COLLECTIONS[kind];
  let serial = 5_000_000;
  const rkey = () => tidAt(EPOCH_MS + Math.floor(Math.random() * size) * 1000);
  const steps: Record<string, { requests: number; step: Step }> = {
    applyWrites: {
      requests: 40,
      step: () => {
        const writes = Array.from({ length: 200 }, () => ({
          $type: "com.atproto.repo.applyWrites#create",
          collection,
          value: makeRecord(kind, serial++),
        }));
        return xrpc.procedure("com.atproto.repo.applyWrites", { repo, writes });
      },
    },
    getRecord: {
      requests: 5000,
      step: () => xrpc.query("com.atproto.repo.getRecord", { repo, collection, rkey: rkey() }),
    },
    listRecords: {
      requests: 600,
      step: () =>
        xrpc.query("com.atproto.repo.listRecords", { repo, collection, limit: 100, cursor: rkey() }),
    },
    uploadBlob: {
      requests: 60,
      step: () => xrpc.upload("com.atproto.repo.uploadBlob", randomBytes(1_000_000), "image/png"),
    },
    getRepo: {
      requests: 20,
      step: () => xrpc.query("com.atproto.sync.getRepo", { did: repo }, { discard: true }),
    },
  };
  const create: Step = () =>
    xrpc.procedure("com.atproto.repo.createRecord", { repo, collection, record: makeRecord(kind, serial++) });
  return { kind, ...(steps[what] ?? { requests: 2000, step: create }) };
}

const [what = "createRecord", sizeText = "10000"] = process.argv.slice(2);
const size = Number(sizeText);
const dataDir = mkdtempSync(path.join(tmpdir(), "atoll-profile-"));
await (await startHost({ dataDir })).stop();
const modules = await bundleReadably("src/worker.ts");
const lines = (modules[0]?.contents ?? "").split("\n");
const host = await startOpenHost(dataDir, modules);
const client = new Client(host.origin);
try {
  const account = await createAccount(client, "profiled");
  const xrpc = new Xrpc(client, account.token);
  const { kind, requests, step } = stepOf(what, size, account, xrpc);
  await xrpc.upload(
    "com.atproto.repo.importRepo",
    sampleRepo(account.did, kind, size),
    "application/vnd.ipld.car",
  );
  await runLoad(null, 16, Math.ceil(requests / 4), step);
  const inspector = await Inspector.open(host.inspector, "atoll");
  await inspector.ask("Profiler.enable");
  await inspector.ask("Profiler.setSamplingInterval", { interval: 200 });
  const plain = await runLoad(host.pid, 16, requests, step);
  await inspector.ask("Profiler.start");
  const load = await runLoad(host.pid, 16, requests, step);
  const result = await inspector.ask("Profiler.stop");
  inspector.close();
  const profile = (isObject(result) ? result["profile"] : undefined) as CpuProfile;
  const file = path.join(tmpdir(), `atoll-${what}.cpuprofile`);
  writeFileSync(file, JSON.stringify(profile));
  console.log(
    `${what}, ${size} records, 16 clients: ${perSecond(plain).toFixed(0)}/s, CPU ${cpuPerThousand(plain)?.toFixed(2)} s per 1,000 ` +
      `(profiled ${cpuPerThousand(load)?.toFixed(2)}); ${file}`,
  );
  const rows = summarise(profile);
  const idle = rows.find(({ name }) => name.startsWith("(idle)"))?.self ?? 0;
  const busy = rows.reduce((sum, { self }) => sum + self, 0) - idle;
  // Samples are taken in wall-clock time, which includes other processes: only their proportions count.
  const scale = ((cpuPerThousand(plain) ?? 0) * 1000) / busy;
  const print = (row: { name: string; self: number; total: number }) => {
    const line = row.name.startsWith("(anonymous)")
      ? (lines[Number(row.name.split(":").at(-1)) - 1] ?? "")
      : "";
    const figures = [row.self, row.total].map((ms) => (ms * scale).toFixed(0).padStart(7)).join("");
    console.log(`${figures}  ${row.name} ${line.trim().slice(0, 70)}`);
  };
  const some = rows.filter(({ name }) => !name.startsWith("(idle)") && !name.startsWith("(root)"));
  console.log("\nµs of CPU each: own, with callees; function:line");
  for (const row of some.toSorted((a, b) => b.self - a.self).slice(0, 50)) print(row);
  console.log("\nby what they cost with callees");
  for (const row of some.toSorted((a, b) => b.total - a.total).slice(0, 70)) print(row);
} finally {
  client.close();
  await host.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
