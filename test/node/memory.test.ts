/**
 * Memory: the worst that strangers and members send and ask for, all at once. What the runtime's process grows
 * by, at its peak, over its idle size, is bounded: by what an isolate may have on Cloudflare. The process is
 * Worker, objects and databases in one; the garbage that it has not collected yet counts.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeCar } from "../../src/protocol/car.ts";
import { encode } from "../../src/protocol/cbor.ts";
import { cidOfCbor } from "../../src/protocol/cid.ts";
import { type RunningHost, startHost } from "../../tools/dev/host.ts";
import { xrpc } from "../../tools/dev/xrpc-client.ts";

const MB = 1024 * 1024;
const MOST_MB = 128;

interface Account {
  did: string;
  accessJwt: string;
}

let host: RunningHost;
let member: Account;
let auth: string;

beforeAll(async () => {
  host = await startHost({ vars: { REGISTRATION: "open", RATE_LIMITS: "off" } });
  member = await join("mia");
  auth = `Bearer ${member.accessJwt}`;
  await warmUp();
}, 60_000);
afterAll(() => host.stop());

const join = (name: string) =>
  xrpc(host.origin, "com.atproto.server.createAccount", {
    input: { handle: `${name}.test`, email: `${name}@example.test`, password: `${name}-password` },
  }) as Promise<Account>;

/** Figures of the kernel's, in MB. */
function memory(name: "VmRSS" | "VmHWM"): number {
  const text = readFileSync(`/proc/${host.pid}/status`, "utf8");
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1]) / 1024;
}

interface Sent {
  path: string;
  headers?: Record<string, string>;
  /** Chunks announce no length. */
  body: Buffer | Iterable<Buffer>;
}

/** Sends a body as it is. Resolves with the status; 0 if the host hangs up first. */
function post({ path, headers, body }: Sent): Promise<number> {
  return new Promise((resolve) => {
    const request = http.request(new URL(path, host.origin).href, { method: "POST", headers, agent: false });
    request.on("response", (response) => {
      response.resume();
      response.on("close", () => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
    });
    request.on("error", () => resolve(0));
    if (Buffer.isBuffer(body)) {
      request.end(body);
      return;
    }
    const chunks = body[Symbol.iterator]();
    const write = () => {
      for (;;) {
        const { value, done } = chunks.next();
        if (done === true || request.destroyed) {
          request.end();
          return;
        }
        if (!request.write(value)) {
          request.once("drain", write);
          return;
        }
      }
    };
    write();
  });
}

function* chunks(count: number, size: number): Generator<Buffer> {
  const chunk = Buffer.alloc(size, "a");
  for (let i = 0; i < count; i++) yield chunk;
}

async function get(path: string): Promise<number> {
  const response = await fetch(new URL(path, host.origin));
  await response.arrayBuffer();
  return response.status;
}

const hangUps: (() => void)[] = [];

/** Asks for something and never reads the answer. */
function stalledRead(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.get(new URL(path, host.origin).href, { agent: false }, () => resolve());
    request.on("error", reject);
    hangUps.push(() => request.destroy());
  });
}

/** Announces a body, sends nearly all of it, and waits. */
function stalledWrite(path: string, size: number): Promise<void> {
  return new Promise((resolve) => {
    const headers = { ...json, "content-length": size };
    const request = http.request(new URL(path, host.origin).href, { method: "POST", headers, agent: false });
    request.on("error", () => {});
    request.write(Buffer.alloc(size - 1, "a"), () => resolve());
    hangUps.push(() => request.destroy());
  });
}

const json = { "content-type": "application/json" };
const form = { "content-type": "application/x-www-form-urlencoded" };
const bomb = gzipSync(Buffer.alloc(200 * MB, "a"), { level: 9 });
const twice = gzipSync(gzipSync(Buffer.alloc(60 * MB), { level: 9 }), { level: 9 });

/** An archive of many small blocks that belong to nothing. */
function junkArchive(): Buffer {
  const blocks = Array.from({ length: 100_000 }, (_, n) => encode({ n })).map((bytes) => ({
    cid: cidOfCbor(bytes),
    bytes,
  }));
  return Buffer.from(writeCar([blocks[0]?.cid ?? ""], blocks));
}

const session = "/xrpc/com.atproto.server.createSession";

const largeRecord = (collection: string, bytes: number) => ({
  $type: collection,
  text: "x",
  createdAt: new Date().toISOString(),
  extra: "x".repeat(bytes),
});

const create = ({ did, accessJwt }: Account, collection: string, bytes: number) =>
  post({
    path: "/xrpc/com.atproto.repo.createRecord",
    headers: { ...json, authorization: `Bearer ${accessJwt}` },
    body: Buffer.from(JSON.stringify({ repo: did, collection, record: largeRecord(collection, bytes) })),
  });

/** Loads everything that is loaded on first use, and fills a repo. */
async function warmUp(): Promise<void> {
  for (let i = 0; i < 60; i++) await create(member, "com.example.thing", 100_000);
  await post({ path: session, headers: { ...json, "content-encoding": "gzip" }, body: gzipSync("{}") });
  for (const path of ["/oauth/token", "/account/sign-in"])
    await post({ path, headers: form, body: Buffer.from("a=b") });
}

const times = <Value>(count: number, make: (i: number) => Value) =>
  Array.from({ length: count }, (_, i) => make(i));

/** Whoever waits for all this to end: readers and senders that have stalled. */
const stalls = (did: string) =>
  Promise.all([
    ...times(16, () => stalledRead(`/xrpc/com.atproto.sync.getRepo?did=${did}`)),
    ...times(7, () =>
      stalledRead(`/xrpc/com.atproto.repo.listRecords?repo=${did}&collection=com.example.thing`),
    ),
    ...times(16, () => stalledWrite(session, 150_000)),
  ]);

/** Packed once and twice, where there is an input and where there is none. */
const packed = () => [
  ...times(40, () => post({ path: session, headers: { ...json, "content-encoding": "gzip" }, body: bomb })),
  ...times(40, () =>
    post({ path: session, headers: { ...json, "content-encoding": "gzip, gzip" }, body: twice }),
  ),
  ...times(10, () =>
    post({
      path: "/xrpc/com.atproto.server.requestEmailConfirmation",
      headers: { "content-encoding": "gzip", authorization: auth },
      body: bomb,
    }),
  ),
];

/** Of no announced length, in large chunks and in small ones. */
const endless = () => [
  ...times(5, () => post({ path: "/oauth/token", headers: json, body: chunks(90, MB) })),
  ...times(5, () => post({ path: "/account/sign-in", headers: form, body: chunks(90, MB) })),
  ...times(5, () => post({ path: session, headers: json, body: chunks(5_000, 1) })),
  ...times(4, () =>
    post({
      path: "/xrpc/com.atproto.repo.uploadBlob",
      headers: { "content-type": "video/mp4", authorization: auth },
      body: chunks(20, MB),
    }),
  ),
];

/** Blocks that are nowhere, in a repo that must be searched for them. */
function unknownBlocks(did: string): Promise<number>[] {
  const cids = times(100, (n) => `cids=${cidOfCbor(encode({ unknown: n }))}`).join("&");
  return times(20, () => get(`/xrpc/com.atproto.sync.getBlocks?did=${did}&${cids}`));
}

const imports = (members: Account[], body: Buffer) =>
  members.map(({ accessJwt }) =>
    post({
      path: "/xrpc/com.atproto.repo.importRepo",
      headers: { "content-type": "application/vnd.ipld.car", authorization: `Bearer ${accessJwt}` },
      body,
    }),
  );

test.runIf(existsSync("/proc/self/clear_refs"))(
  "the worst of everything at once has a bound",
  async () => {
    const members = [member, await join("max")];
    const junk = junkArchive();
    // 5 sets the peak back to what is used now (proc(5)).
    writeFileSync(`/proc/${host.pid}/clear_refs`, "5");
    const idle = memory("VmRSS");
    await stalls(member.did);
    const statuses = await Promise.all([
      ...packed(),
      ...endless(),
      ...unknownBlocks(member.did),
      // Records with a megabyte of what nobody reads.
      ...times(6, () => create(member, "app.bsky.feed.post", 900_000)),
      ...imports(members, junk),
    ]);
    const grown = memory("VmHWM") - idle;
    for (const hangUp of hangUps) hangUp();
    // All were answered, and none by a fault of the host's.
    expect([...new Set(statuses)].filter((status) => status >= 500 && status !== 503)).toEqual([]);
    console.log("grown", grown);
    expect(grown, `from ${idle.toFixed(0)} MB`).toBeLessThanOrEqual(MOST_MB);
  },
  60_000,
);
