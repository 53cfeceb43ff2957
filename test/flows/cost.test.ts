/** `atoll-cost`: a request's cost in rows. Local runs tell it on request, and it stays within budgets. */
import { expect, test } from "vitest";
import type { Member } from "../support/account-host.ts";
import { fetchHost, join, xrpc } from "../support/account-host.ts";

const ASK = { "atoll-cost": "1" };
const createdAt = new Date().toISOString();

type Rows = { written: number; read: number };

function costsOf(header: string | null): Record<string, Rows> {
  return Object.fromEntries(
    [...(header ?? "").matchAll(/(\w+)=(\d+)\/(\d+)/g)].map(([, station, written, read]) => [
      station,
      { written: Number(written), read: Number(read) },
    ]),
  );
}

async function create(by: Member, collection: string, record: object) {
  const input = { repo: by.did, collection, record: { $type: collection, createdAt, ...record } };
  const reply = await xrpc("com.atproto.repo.createRecord", { auth: by.auth, input, headers: ASK });
  expect(reply.status, JSON.stringify(reply.body)).toBe(200);
  const subject = { uri: reply.body.uri, cid: reply.body.cid };
  return { subject, costs: costsOf(reply.headers.get("atoll-cost")) };
}

test("a write tells the rows of account, sequencer and index, and they are few", async () => {
  const [author, reader] = [await join(), await join()];
  for (let i = 0; i < 3; i++) await create(author, "app.bsky.feed.post", { text: `warm ${i}` });
  await create(reader, "app.bsky.feed.post", { text: "warm" });
  const post = await create(author, "app.bsky.feed.post", { text: "counted" });
  expect(Object.keys(post.costs)).toEqual(["account", "sequencer", "index", "directory"]);
  expect(post.costs.account?.written).toBeLessThanOrEqual(6);
  expect(post.costs.sequencer?.written).toBeLessThanOrEqual(3);
  expect(post.costs.index?.written).toBeLessThanOrEqual(8);
  const { subject } = post;
  const acts = [
    ["app.bsky.feed.like", { subject }],
    ["app.bsky.feed.repost", { subject }],
    ["app.bsky.graph.follow", { subject: author.did }],
  ] as const;
  for (const [collection, record] of acts) {
    const { costs } = await create(reader, collection, record);
    expect([collection, costs.sequencer?.written]).toEqual([collection, 2]);
    expect(costs.index?.written).toBeGreaterThan(0);
    expect(costs.index?.written).toBeLessThanOrEqual(6);
  }
});

test("a read of the AppView tells its trips and rows; nobody is told who does not ask", async () => {
  const member = await join();
  await create(member, "app.bsky.feed.post", { text: "seen" });
  const asked = await xrpc("app.bsky.feed.getTimeline", { auth: member.auth, headers: ASK });
  const header = asked.headers.get("atoll-cost") ?? "";
  expect(costsOf(header).account).toBeUndefined();
  expect(costsOf(header).index).toMatchObject({ written: 0 });
  expect(costsOf(header).index?.read).toBeGreaterThan(0);
  const trips = Number(/trips=(\d+)/.exec(header)?.[1]);
  expect([trips > 0, trips <= 3]).toEqual([true, true]);
  const silent = await xrpc("app.bsky.feed.getTimeline", { auth: member.auth });
  expect(silent.headers.has("atoll-cost")).toBe(false);
  const input = {
    repo: member.did,
    collection: "app.bsky.feed.post",
    record: { $type: "app.bsky.feed.post", text: "unasked", createdAt },
  };
  const write = await xrpc("com.atproto.repo.createRecord", { auth: member.auth, input });
  expect([write.status, write.headers.has("atoll-cost")]).toEqual([200, false]);
});

test("a read of an account or of the directory tells their rows", async () => {
  const member = await join();
  await create(member, "app.bsky.feed.post", { text: "read" });
  const read = async (nsid: string, params: Record<string, string>) => {
    const { status, headers } = await xrpc(nsid, { params, headers: ASK });
    expect(status).toBe(200);
    return costsOf(headers.get("atoll-cost"));
  };
  const listed = await read("com.atproto.repo.listRecords", {
    repo: member.did,
    collection: "app.bsky.feed.post",
  });
  expect(listed.account).toMatchObject({ written: 0 });
  expect(listed.account?.read).toBeGreaterThan(0);
  expect(listed.directory).toEqual({ written: 0, read: 0 });
  const described = await read("com.atproto.repo.describeRepo", { repo: member.handle });
  expect(described.account?.read).toBeGreaterThan(0);
  expect(described.directory?.read).toBeGreaterThan(0);
});

test("so does a page of the app, which has no more trips than a method", async () => {
  const member = await join();
  const headers = { accept: "text/html", "cache-control": "no-cache" };
  const path = `/profile/${member.handle}`;
  const asked = await fetchHost(path, { headers: { ...headers, ...ASK } });
  await asked.text();
  const header = asked.headers.get("atoll-cost") ?? "";
  expect(costsOf(header).index?.read).toBeGreaterThan(0);
  const trips = Number(/trips=(\d+)/.exec(header)?.[1]);
  expect([trips > 0, trips <= 3]).toEqual([true, true]);
  const silent = await fetchHost(path, { headers });
  await silent.text();
  expect(silent.headers.has("atoll-cost")).toBe(false);
});
