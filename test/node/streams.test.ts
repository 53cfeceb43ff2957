/** The host's streams, seen by a bare TCP client: no library hides a missing answer. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningHost } from "../../tools/dev/host.ts";
import { startHost } from "../../tools/dev/host.ts";
import { xrpc } from "../../tools/dev/xrpc-client.ts";
import { CLOSE, Connection, PING, PONG, TEXT, closeBody } from "../support/bare-web-socket.ts";

let host: RunningHost;
beforeAll(async () => {
  host = await startHost({ vars: { REGISTRATION: "open", RATE_LIMITS: "off" } });
});
afterAll(() => host.stop());

const REPOS = "/xrpc/com.atproto.sync.subscribeRepos";
const LABELS = "/xrpc/com.atproto.label.subscribeLabels";
const JSON_STREAM = "/subscribe";
const STREAMS = [REPOS, LABELS, JSON_STREAM];

const open = (path: string) => Connection.open(host.origin, path);

describe.each(STREAMS)("%s", (stream) => {
  test.each([
    ["1000", closeBody(1000), closeBody(1000)],
    ["1001 with a reason", closeBody(1001, "bye"), closeBody(1001, "bye")],
    ["an application's own code", closeBody(4999, "x".repeat(123)), closeBody(4999, "x".repeat(123))],
    ["no code", Buffer.alloc(0), Buffer.alloc(0)],
    ["a code that may not be sent", closeBody(999), closeBody(1002)],
    ["a code that is reserved", closeBody(1004), closeBody(1002)],
    ["a code beyond all ranges", closeBody(5000), closeBody(1002)],
    ["a reason that is no text", closeBody(1000, Buffer.alloc(100, 255)), closeBody(1002)],
  ])("a Close with %s is answered by a Close, and the connection ends", async (_, sent, answer) => {
    const connection = await open(stream);
    connection.close(sent);
    expect(await connection.ends()).toBe(true);
    expect(connection.frames).toEqual([{ opcode: CLOSE, body: answer }]);
  });

  test("a replay is left as properly as a live stream", async () => {
    const connection = await open(`${stream}?cursor=0`);
    connection.close(closeBody(1000));
    expect(await connection.ends()).toBe(true);
    expect(connection.frames.at(-1)).toEqual({ opcode: CLOSE, body: closeBody(1000) });
  });

  test("a Ping is answered by a Pong, also in the middle of a message", async () => {
    const connection = await open(stream);
    connection.send(TEXT, Buffer.from('{"type":'), { final: false });
    connection.send(PING, Buffer.from("there?"));
    await connection.until(1);
    expect(connection.frames).toEqual([{ opcode: PONG, body: Buffer.from("there?") }]);
    connection.destroy();
  });
});

describe.each([REPOS, LABELS])("%s", (stream) => {
  test("the connection of a refused cursor ends when its client answers", async () => {
    const connection = await open(`${stream}?cursor=none`);
    connection.close(closeBody(1008));
    expect(await connection.ends()).toBe(true);
    expect(connection.frames.at(-1)).toEqual({ opcode: CLOSE, body: closeBody(1008, "InvalidRequest") });
  });
});

interface Member {
  did: string;
  accessJwt: string;
}

const signUp = (name: string) =>
  xrpc(host.origin, "com.atproto.server.createAccount", {
    input: { handle: `${name}.test`, email: `${name}@example.test`, password: `${name}-password` },
  }) as Promise<Member>;

/** Writes `count` records of about `bytes` each in one commit. */
const write = ({ did, accessJwt }: Member, count: number, bytes: number) =>
  xrpc(host.origin, "com.atproto.repo.applyWrites", {
    authorization: `Bearer ${accessJwt}`,
    input: {
      repo: did,
      writes: Array.from({ length: count }, () => ({
        $type: "com.atproto.repo.applyWrites#create",
        collection: "com.example.note",
        value: { $type: "com.example.note", text: "x".repeat(bytes) },
      })),
    },
  });

interface StreamStatus {
  kind: string;
  readers: number;
  behind: number;
}

const statusOf = async (kind: string): Promise<StreamStatus | undefined> => {
  const response = await fetch(`${host.origin}/status`, { headers: { accept: "application/json" } });
  const { streams } = (await response.json()) as { streams: StreamStatus[] };
  return streams.find((stream) => stream.kind === kind);
};

test("a reader that stops for a while is told everything in the same connection, as one that does not", async () => {
  const member = await signUp("halting");
  const [steady, halting] = [await open(`${REPOS}?cursor=0`), await open(`${REPOS}?cursor=0`)];
  halting.pause();
  // More than the system's own buffers hold.
  for (let n = 0; n < 30; n++) await write(member, 20, 30_000);
  await steady.until(30);
  const replayed = await open(`${REPOS}?cursor=0`);
  halting.resume();
  const count = steady.frames.length;
  await Promise.all([halting.until(count), replayed.until(count)]);
  expect(count).toBeGreaterThanOrEqual(30);
  const bytes = (connection: Connection) => Buffer.concat(connection.frames.map(({ body }) => body));
  expect(bytes(halting).equals(bytes(steady))).toBe(true);
  expect(bytes(replayed).equals(bytes(steady))).toBe(true);
  await write(member, 1, 10);
  await Promise.all([steady, halting, replayed].map((connection) => connection.until(count + 1)));
  for (const connection of [steady, halting, replayed]) connection.destroy();
}, 60_000);

test("the JSON stream tells a member's record, and takes other options on the way", async () => {
  const member = await signUp("jason");
  const reader = await open(`${JSON_STREAM}?wantedCollections=com.example.*&wantedDids=${member.did}`);
  await write(member, 2, 5);
  await reader.until(2);
  const told = () => reader.frames.map(({ opcode, body }) => [opcode, JSON.parse(String(body))]);
  expect(told()).toMatchObject([
    [TEXT, { did: member.did, kind: "commit", commit: { record: { text: "xxxxx" } } }],
    [TEXT, { did: member.did, kind: "commit", commit: { record: { text: "xxxxx" } } }],
  ]);
  const update = { type: "options_update", payload: { wantedCollections: ["com.example.other"] } };
  reader.send(TEXT, Buffer.from(JSON.stringify(update)));
  await new Promise((resolve) => setTimeout(resolve, 100));
  await write(member, 1, 5);
  reader.send(TEXT, Buffer.from("nonsense"));
  await reader.until(3);
  expect(reader.frames.slice(2)).toEqual([
    { opcode: CLOSE, body: closeBody(1007, "the message is no JSON") },
  ]);
  reader.close(closeBody(1007));
  expect(await reader.ends()).toBe(true);
});

test("what the JSON stream does not do is refused by name before the upgrade", async () => {
  for (const [query, error] of [
    ["compress=true", "CompressionNotSupported"],
    ["wantedDids=nobody", "InvalidRequest"],
    ["cursor=yesterday", "InvalidRequest"],
  ]) {
    const answer = await Connection.ask(host.origin, `${JSON_STREAM}?${query}`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain(`"error":"${error}"`);
  }
});

test("the status tells how many read, and how far behind they are", async () => {
  const before = (await statusOf("json"))?.readers ?? 0;
  const readers = [await open(JSON_STREAM), await open(JSON_STREAM)];
  // An answer is given again for a second.
  await expect.poll(async () => (await statusOf("json"))?.readers, { timeout: 10_000 }).toBe(before + 2);
  expect(await statusOf("json")).toMatchObject({ behind: 0 });
  for (const reader of readers) reader.destroy();
  await expect.poll(async () => (await statusOf("json"))?.readers, { timeout: 10_000 }).toBe(before);
});
