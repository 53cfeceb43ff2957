/**
 * More than five thousand wrong requests, made from a seed. Each is refused by a fitting name, none causes a
 * fault of ours, and none changes anything. Repeat with SEED=… npx vitest run test/flows/malformed.test.ts
 */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { randomFrom } from "../../tools/seed/random.ts";
import { decode, decodeFirst } from "@atcute/cbor";
import { Directory } from "../../src/identity/directory.ts";
import { methods } from "../../src/xrpc/methods.ts";
import { Tokens } from "../../src/xrpc/server/tokens.ts";
import { HOST_DID, bindings, fetchHost, join, xrpc } from "../support/account-host.ts";
import { archiveFamilies } from "./malformed/archives.ts";
import { credentialFamilies } from "./malformed/credentials.ts";
import { anything, queryFamilies } from "./malformed/queries.ts";
import { repoFamilies } from "./malformed/repos.ts";
import type { Family, Stage, Wrong } from "./malformed/requests.ts";
import { requestFamilies } from "./malformed/requests.ts";

/** A rebuild that one of the requests began would go on in the next file's index. */
afterAll(async () => {
  await bindings.APPVIEW_DB.prepare("DELETE FROM rebuild").run();
});

const seed = inject("seed");
const families: readonly Family[] = [
  ...requestFamilies,
  ...queryFamilies,
  ...credentialFamilies,
  ...repoFamilies,
  ...archiveFamilies,
];
const AT_ONCE = 16;
const POST = "app.bsky.feed.post";

let stage: Stage;
let before: string[];

beforeAll(async () => {
  console.log(`malformed requests from seed ${seed}`);
  // One log line per request would take most of the test's time.
  vi.spyOn(console, "log").mockImplementation(() => {});
  const [member, other] = [await join(), await join()];
  const posts: Stage["posts"] = [];
  for (let i = 0; i < 5; i++) {
    const record = { $type: POST, text: `post ${i}`, createdAt: new Date().toISOString() };
    const { body } = await xrpc("com.atproto.repo.createRecord", {
      auth: member.auth,
      input: { repo: member.did, collection: POST, record },
    });
    const uri = String(body.uri);
    posts.push({ uri, cid: String(body.cid), rkey: uri.slice(uri.lastIndexOf("/") + 1) });
  }
  const upload = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
    method: "POST",
    headers: { authorization: member.auth, "content-type": "text/plain" },
    body: "only words",
  });
  const { blob } = await upload.json<{ blob: Record<string, unknown> }>();
  const past = new Tokens(
    HOST_DID,
    () => new Directory(bindings).secret("JWT_SECRET"),
    () => Date.now() - 3 * 60 * 60 * 1000,
  );
  stage = {
    member,
    other,
    posts,
    textBlob: blob,
    car: await exported(member.did),
    otherCar: await exported(other.did),
    methods: [...methods.values()].map(({ nsid, verb }) => ({ nsid, verb })),
    expired: `Bearer ${await past.issueAccess(member.did, "com.atproto.access")}`,
  };
  // The alarms record what the writes left behind.
  const { ACCOUNT, SEQUENCER } = bindings;
  for (const object of [
    ACCOUNT.getByName(member.did),
    ACCOUNT.getByName(other.did),
    SEQUENCER.getByName("host"),
  ]) {
    await runDurableObjectAlarm(object as never);
  }
  before = await everything();
});
afterAll(() => {
  vi.restoreAllMocks();
});

const exported = async (did: string) =>
  new Uint8Array(await (await fetchHost(`/xrpc/com.atproto.sync.getRepo?did=${did}`)).arrayBuffer());

/** Everything stored: directory, index, blobs, the members' objects and the host's log. */
async function everything(): Promise<string[]> {
  const { ACCOUNT, SEQUENCER, DIRECTORY, APPVIEW_DB, BLOBS } = bindings;
  const found: [name: string, rows: unknown][] = [];
  for (const database of [DIRECTORY, APPVIEW_DB]) {
    const { results: tables } = await database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'")
      .all<{ name: string }>();
    const names = tables
      .map(({ name }) => name)
      // What requests use is counted whatever they ask.
      .filter((name) => name !== "host_use")
      .filter((name) => !/^sqlite_|_(data|idx|docsize|config)$/.test(name));
    const dumps = await database.batch(names.map((name) => database.prepare(`SELECT * FROM "${name}"`)));
    found.push(...names.map((name, i): [string, unknown] => [name, dumps[i]?.results]));
  }
  for (const { did } of [stage.member, stage.other]) found.push(...(await dumpOf(ACCOUNT.getByName(did))));
  found.push(...(await dumpOf(SEQUENCER.getByName("host"))));
  found.push(["blobs", (await BLOBS.list()).objects.map(({ key, etag }) => [key, etag])]);
  return found.map((part) => JSON.stringify(part));
}

const changed = (was: string[], is: string[]) =>
  is.filter((part, i) => part !== was[i]).map((part) => part.slice(0, 500));

const dumpOf = (object: unknown): Promise<[name: string, rows: unknown][]> =>
  runInDurableObject(object as DurableObjectStub, (_, { storage: { sql } }) =>
    sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .toArray()
      .filter(({ name }) => !name.startsWith("sqlite_"))
      .map(({ name }): [string, unknown] => [
        name,
        sql.exec(`SELECT * FROM "${name}"`).toArray().map(readable),
      ]),
  );

const readable = (row: Record<string, unknown>) =>
  Object.values(row).map((value) =>
    value instanceof ArrayBuffer ? [...new Uint8Array(value)].join() : value,
  );

/** What is wrong with an answer; null if the request was refused as it should be. */
async function fault(
  { errors, statuses = [400], byFrame }: Family,
  { path, init }: Wrong,
): Promise<string | null> {
  const response = await fetchHost(`/xrpc/${path}`, init);
  if (byFrame && response.webSocket !== null) return frameFault(errors, response.webSocket);
  const text = await response.text();
  const told = `${response.status} ${text.slice(0, 200)}`;
  if (!statuses.includes(response.status)) return told;
  if (!(response.headers.get("content-type") ?? "").includes("json")) return `no JSON: ${told}`;
  const { error, message } = JSON.parse(text) as { error?: unknown; message?: unknown };
  if (typeof error !== "string" || typeof message !== "string" || message === "") return `unnamed: ${told}`;
  return errors.includes(error) ? null : told;
}

/** What is wrong with the only frame of a socket that is then closed with 1008. */
async function frameFault(errors: readonly string[], socket: WebSocket): Promise<string | null> {
  const frames: Uint8Array[] = [];
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    if (data instanceof ArrayBuffer) frames.push(new Uint8Array(data));
  });
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener("close", ({ code }) => resolve(code));
  });
  socket.accept();
  const code = await closed;
  const [frame] = frames;
  if (frame === undefined || frames.length !== 1 || code !== 1008) return `${frames.length} frames, ${code}`;
  const [header, rest] = decodeFirst(frame);
  const { error, message } = decode(rest) as { error?: string; message?: string };
  const told = `${JSON.stringify(header)} ${error} ${message}`;
  return JSON.stringify(header) === '{"op":-1}' && errors.includes(error ?? "") && message ? null : told;
}

const shown = ({ path, init }: Wrong) =>
  `${init.method ?? "GET"} ${path.slice(0, 200)} ${typeof init.body === "string" ? init.body.slice(0, 300) : ""} ${JSON.stringify(Object.fromEntries(new Headers(init.headers)))}`;

for (const family of families) {
  test(`${family.count} times ${family.name}: refused, and nothing changes`, async () => {
    const random = randomFrom(`${seed} ${family.name}`);
    const faults: string[] = [];
    let left = family.count;
    const sender = async () => {
      while (left-- > 0) {
        const wrong = family.make(stage, random);
        const found = await fault(family, wrong);
        if (found !== null) faults.push(`${found} ← ${shown(wrong)}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    expect(faults.slice(0, 5)).toEqual([]);
    expect(changed(before, await everything())).toEqual([]);
  });
}

test("they are more than five thousand", () => {
  expect(families.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(5_000);
});

test("every method, asked for anything at all, answers or refuses by a name", async () => {
  const random = randomFrom(`${seed} anything`);
  // Another member, for requests that may be granted: signing out, deactivating.
  const someone = { ...stage, member: await join() };
  const faults: string[] = [];
  const queue = someone.methods.flatMap((method) => Array.from({ length: 2 }, () => method)).values();
  const sender = async () => {
    for (const method of queue) {
      const wrong = anything(method, someone, random);
      const response = await fetchHost(`/xrpc/${wrong.path}`, wrong.init);
      const text = await response.text();
      if (response.ok) continue;
      const named = /^\{"error":"\w+","message":"/.test(text);
      // What the host's settings switch off is not there.
      const failed = response.status >= 500 && response.status !== 501;
      if (failed || !named) faults.push(`${response.status} ${text.slice(0, 200)} ← ${shown(wrong)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  expect(faults.slice(0, 5)).toEqual([]);
});
