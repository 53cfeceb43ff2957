/**
 * Whoever sends or reads slowly holds memory that others need. It has a bound, others wait for it a little, and
 * what has stalled is ended for them.
 */
import { gzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { lenders } from "../../src/protocol/memory.ts";
import { type Member, fetchHost, join, xrpc } from "../support/account-host.ts";

let member: Member;
beforeAll(async () => {
  member = await join();
});
const close: (() => void)[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const end of close.splice(0)) end();
});

/** Moves the clock on, in milliseconds. */
function clock(): (by: number) => void {
  const real = Date.now.bind(Date);
  let ahead = 0;
  vi.spyOn(Date, "now").mockImplementation(() => real() + ahead);
  return (by) => void (ahead += by);
}

/** Bytes, and then nothing until the test ends. */
function stalling(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let isSent = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      close.push(() => {
        try {
          controller.close();
        } catch {
          // The host has hung up already.
        }
      });
    },
    pull(controller) {
      if (!isSent) controller.enqueue(bytes.slice());
      isSent = true;
    },
  });
}

/** A body that announces one byte more than comes. */
function announced(size: number): ReadableStream<Uint8Array> {
  const { readable, writable } = new FixedLengthStream(size);
  const writer = writable.getWriter();
  void writer.write(new Uint8Array(size - 1).fill(0x20)).catch(() => {});
  close.push(() => void writer.abort("the test is over").catch(() => {}));
  return readable;
}

const json = { "content-type": "application/json" };

async function answerOf(path: string, headers: Record<string, string>, body: BodyInit): Promise<string> {
  const response = await fetchHost(path, { method: "POST", headers, body });
  const { error = "" } = await response.json<{ error?: string }>();
  return `${response.status} ${error}`.trim();
}

const upload = (body: BodyInit) =>
  answerOf(
    "/xrpc/com.atproto.repo.uploadBlob",
    { "content-type": "video/mp4", authorization: member.auth },
    body,
  );

const unknownLength = (bytes: Uint8Array) =>
  new Blob([bytes.slice()]).stream().pipeThrough(new TransformStream());

const signIn = (body: BodyInit, more: Record<string, string> = {}) =>
  answerOf("/xrpc/com.atproto.server.createSession", { ...json, ...more }, body);

const write = (body: BodyInit) =>
  answerOf("/xrpc/com.atproto.repo.createRecord", { ...json, authorization: member.auth }, body);

const record = (bytes: number) =>
  JSON.stringify({
    repo: member.did,
    collection: "com.example.thing",
    record: { $type: "com.example.thing", text: "x".repeat(bytes) },
  });

/** What waits while senders stall: each kind fills its own lender. */
const KINDS = [
  {
    kind: "uploads of unknown length",
    lender: lenders.uploads,
    count: 3,
    stall: () => upload(stalling(new Uint8Array(300_000))),
    others: () => upload(unknownLength(new Uint8Array(100_000))),
    answer: "200",
  },
  {
    kind: "packed bodies",
    lender: lenders.unpacking,
    count: 12,
    stall: () => signIn(stalling(gzipSync("{}").subarray(0, 12)), { "content-encoding": "gzip" }),
    others: () => signIn(gzipSync("{}"), { "content-encoding": "gzip" }),
    answer: "400 InvalidRequest",
  },
  {
    kind: "large inputs",
    lender: lenders.bodies,
    count: 8,
    stall: () => write(announced(900_000)),
    others: () => write(record(800_000)),
    answer: "200",
  },
];

describe.each(KINDS)("$kind", ({ lender, count, stall, others, answer }) => {
  test("that stall make room for the next", async () => {
    const move = clock();
    const stalled = Array.from({ length: count }, stall);
    await scheduler.wait(300);
    const waiting = others();
    expect(await Promise.race([waiting, scheduler.wait(300).then(() => "waits")])).toBe("waits");
    move(11_000);
    expect(await waiting).toBe(answer);
    expect(await Promise.race(stalled)).toBe("408 RequestTimeout");
  });

  test("give back what they borrowed when they end", async () => {
    await vi.waitFor(() => {
      const all = lender.lend(Infinity);
      all?.giveBack();
      expect(all).not.toBeNull();
    }, 5_000);
  });
});

test("a small input waits for nobody", async () => {
  const all = [lenders.bodies.lend(8_000_000), lenders.inputs.lend(12_000_000)];
  expect(all).not.toContain(null);
  expect(await write(record(10_000))).toBe("200");
  for (const loan of all) loan?.giveBack();
});

test("an upload that announces its length streams when nothing may be held", async () => {
  const all = lenders.uploads.lend(16_000_000);
  expect(all).not.toBeNull();
  expect(await upload(new Uint8Array(200_000))).toBe("200");
  all?.giveBack();
});

describe("large answers", () => {
  test("asked for by HEAD hold nothing", async () => {
    for (let i = 0; i < 4; i++) expect(await write(record(300_000))).toBe("200");
    const path = `/xrpc/com.atproto.repo.listRecords?repo=${member.did}&collection=com.example.thing`;
    for (let i = 0; i < 10; i++) expect((await fetchHost(path, { method: "HEAD" })).status).toBe(200);
    await vi.waitFor(() => {
      const all = lenders.reads.lend(Infinity);
      all?.giveBack();
      expect(all).not.toBeNull();
    }, 5_000);
  });

  test("that nobody reads make room for the next, and break off", async () => {
    const list = () =>
      fetchHost(`/xrpc/com.atproto.repo.listRecords?repo=${member.did}&collection=com.example.thing`);
    const move = clock();
    const stalled: Response[] = [];
    for (;;) {
      const free = lenders.reads.lend(2_000_000);
      if (free === null) break;
      free.giveBack();
      stalled.push(await list());
    }
    expect(stalled.length).toBeGreaterThan(2);
    move(11_000);
    const { records } = await (await list()).json<{ records: unknown[] }>();
    expect(records.length).toBeGreaterThan(1);
    // The holder of a loan looks every second whether it has ended.
    await scheduler.wait(1_200);
    const isBroken = await stalled[0]?.arrayBuffer().then(
      () => false,
      () => true,
    );
    expect(isBroken).toBe(true);
    for (const { body } of stalled) await body?.cancel().catch(() => {});
  });

  test("come whole", async () => {
    const { status, body } = await xrpc("com.atproto.repo.listRecords", {
      params: { repo: member.did, collection: "com.example.thing", limit: "3" },
    });
    expect(status).toBe(200);
    expect(JSON.stringify(body).length).toBeGreaterThan(600_000);
  });
});
