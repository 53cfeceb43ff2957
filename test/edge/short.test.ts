/** A day that runs short on the free plan: what is refused at each step, and what goes on to the end. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Shortage } from "../../src/protocol/plan/shortage.ts";
import worker from "../../src/worker.ts";
import { type Member, ORIGIN, bindings, join } from "../support/account-host.ts";

const { DIRECTORY } = bindings;
const HOUR = 3_600_000;

async function run(step: number | null): Promise<void> {
  const shortage: Shortage | null =
    step === null ? null : { step, resource: "requests", share: 0.9, until: Date.now() + HOUR };
  await DIRECTORY.prepare(
    `INSERT INTO host_settings (id, version, settings, shortage) VALUES (1, 0, '{}', ?1)
      ON CONFLICT (id) DO UPDATE SET shortage = ?1`,
  )
    .bind(shortage === null ? null : JSON.stringify(shortage))
    .run();
}

/** Bindings of an isolate that has not read its settings yet. */
function newIsolate(): typeof bindings {
  const real = bindings.DIRECTORY;
  const DIRECTORY: D1Database = {
    prepare: (query) => real.prepare(query),
    batch: (statements) => real.batch(statements),
    exec: (query) => real.exec(query),
    withSession: (from) => real.withSession(from),
    dump: () => real.dump(),
  };
  return { ...bindings, DIRECTORY };
}

let member: Member;
let uri = "";
beforeAll(async () => {
  member = await join();
  uri = await post("before");
});
afterAll(() => run(null));

async function ask(
  path: string,
  init: RequestInit = {},
  given: typeof bindings = newIsolate(),
): Promise<Response> {
  const context = createExecutionContext();
  const response = await worker.fetch(new Request(`${ORIGIN}${path}`, init), given, context);
  await waitOnExecutionContext(context);
  return response;
}

async function post(text: string): Promise<string> {
  const record = { $type: "app.bsky.feed.post", text, createdAt: new Date().toISOString() };
  const response = await ask("/xrpc/com.atproto.repo.createRecord", {
    method: "POST",
    headers: { authorization: member.auth, "content-type": "application/json" },
    body: JSON.stringify({ repo: member.did, collection: record.$type, record }),
  });
  expect(response.status).toBe(200);
  return (await response.json<{ uri: string }>()).uri;
}

const mine = () => ({ headers: { authorization: member.auth } });
const feed = () => `/xrpc/app.bsky.feed.getAuthorFeed?actor=${member.did}`;
const repo = () => `/xrpc/com.atproto.sync.getRepo?did=${member.did}`;
const record = () => {
  const [rkey = ""] = uri.split("/").slice(-1);
  const params = new URLSearchParams({ repo: member.did, collection: "app.bsky.feed.post", rkey });
  return `/xrpc/com.atproto.repo.getRecord?${params.toString()}`;
};
const PAGE = { headers: { accept: "text/html" } };
const statusOf = async (...given: Parameters<typeof ask>) => {
  const response = await ask(...given);
  await response.body?.cancel();
  return response.status;
};

describe("strangers", () => {
  test.each([
    [null, 200, 200, 200],
    [0, 200, 200, 200],
    [1, 200, 200, 200],
    [2, 503, 200, 200],
    [3, 503, 503, 503],
  ])("at step %s: whole repos %i, the index %i, pages %i", async (step, whole, index, page) => {
    await run(step);
    expect(await statusOf(repo())).toBe(whole);
    expect(await statusOf(feed())).toBe(index);
    expect(await statusOf(`/profile/${member.handle}`, PAGE)).toBe(page);
  });

  test("are told when to come back, by name and in words", async () => {
    await run(3);
    const refused = await ask(feed());
    expect(await refused.json()).toEqual({
      error: "NotEnoughResources",
      message: expect.stringMatching(/^Guests are not served .* goes on after midnight \(UTC\)\.$/),
    });
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(3_500);
    expect(seconds).toBeLessThanOrEqual(3_600);
    const page = await ask("/", PAGE);
    expect(page.headers.get("retry-after")).not.toBeNull();
    expect(await page.text()).toContain("Closed until midnight (UTC)");
  });

  test("read records, listings, names and the status to the end", async () => {
    await run(3);
    for (const path of [
      record(),
      `/xrpc/com.atproto.repo.listRecords?repo=${member.did}&collection=app.bsky.feed.post`,
      `/xrpc/com.atproto.repo.describeRepo?repo=${member.did}`,
      `/xrpc/com.atproto.identity.resolveHandle?handle=${member.handle}`,
      `/xrpc/com.atproto.sync.getLatestCommit?did=${member.did}`,
      "/xrpc/com.atproto.sync.listRepos",
      "/xrpc/com.atproto.server.describeServer",
      "/.well-known/did.json",
      "/status",
    ])
      expect(await statusOf(path), path).toBe(200);
    expect(await statusOf("/account/sign-in", PAGE)).toBe(200);
    const said = await (await ask("/status", PAGE)).text();
    expect(said).toContain("Until midnight (UTC)");
  });
});

test("members sign in, write, and read their index and their whole repo to the end", async () => {
  await run(3);
  await post("at the last step");
  expect(await statusOf(feed(), mine())).toBe(200);
  expect(await statusOf(repo(), mine())).toBe(200);
  const signedIn = await ask("/xrpc/com.atproto.server.createSession", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ identifier: member.handle, password: member.password }),
  });
  expect(signedIn.status).toBe(200);
});

test("after midnight all is served, whatever an isolate still remembers", async () => {
  await run(3);
  const shortage = { step: 3, resource: "requests", share: 1, until: Date.now() - 1 };
  await DIRECTORY.prepare("UPDATE host_settings SET shortage = ?1").bind(JSON.stringify(shortage)).run();
  expect(await statusOf(feed())).toBe(200);
});

describe("the event streams", () => {
  const open = async (query: string) => {
    const { status, webSocket } = await ask(`/${query}`, { headers: { upgrade: "websocket" } });
    webSocket?.accept();
    webSocket?.close();
    return status;
  };
  const REPOS = "xrpc/com.atproto.sync.subscribeRepos";

  test("go on for who listens now or was away for a moment, but tell nothing old", async () => {
    const { seq } = await bindings.SEQUENCER.getByName("host").status();
    const [now, longAgo] = [Date.now() * 1000, (Date.now() - 24 * HOUR) * 1000];
    await run(1);
    expect(await open(`${REPOS}?cursor=1`)).toBe(101);
    await run(2);
    expect(await open(REPOS)).toBe(101);
    expect(await open(`${REPOS}?cursor=${seq - 10}`)).toBe(101);
    expect(await open(`${REPOS}?cursor=1`)).toBe(503);
    expect(await open(`subscribe?cursor=${now}`)).toBe(101);
    expect(await open(`subscribe?cursor=${longAgo}`)).toBe(503);
    await run(null);
    expect(await open(`${REPOS}?cursor=1`)).toBe(101);
  });
});

describe("pictures", () => {
  const PNG = Uint8Array.from(
    atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="),
    (char) => char.charCodeAt(0),
  );

  test("are sent as they were uploaded, and resized again the next day", async () => {
    await run(null);
    const uploaded = await ask("/xrpc/com.atproto.repo.uploadBlob", {
      method: "POST",
      headers: { authorization: member.auth, "content-type": "image/png" },
      body: PNG,
    });
    const { blob } = await uploaded.json<{ blob: { ref: { $link: string } } }>();
    await ask("/xrpc/com.atproto.repo.putRecord", {
      method: "POST",
      headers: { authorization: member.auth, "content-type": "application/json" },
      body: JSON.stringify({
        repo: member.did,
        collection: "com.example.file",
        rkey: "self",
        record: { $type: "com.example.file", blob },
      }),
    });
    let resized = 0;
    const IMAGES = {
      input: () => ({
        transform: () => ({
          output: async () => {
            resized += 1;
            return { image: () => new Blob(["small"]).stream(), contentType: () => "image/jpeg" };
          },
        }),
      }),
    } as never;
    const path = `/img/avatar/plain/${member.did}/${blob.ref.$link}@jpeg`;
    await run(1);
    const whole = await ask(path, {}, { ...newIsolate(), IMAGES });
    expect(new Uint8Array(await whole.arrayBuffer())).toEqual(PNG);
    expect(whole.headers.get("cache-control")).toBe("no-store");
    expect(resized).toBe(0);
    await run(null);
    expect(await (await ask(path, {}, { ...newIsolate(), IMAGES })).text()).toBe("small");
    expect(resized).toBe(1);
  });
});

describe("when a database has nothing left", () => {
  const spent = () =>
    new Error(
      "D1_ERROR: Your account has exceeded D1's free tier daily row read limit. It resets at midnight UTC.",
    );
  /** Databases of an isolate that never asked them. */
  const away = () => {
    const refuse = () => Promise.reject(spent());
    const statement = { bind: () => statement, first: refuse, all: refuse, run: refuse, raw: refuse };
    return { prepare: () => statement, batch: refuse, withSession: () => away() } as never;
  };
  const fresh = () => ({ ...bindings, DIRECTORY: away(), APPVIEW_DB: away() });

  test("a new isolate serves repos by the copy of the settings that the sequencer keeps", async () => {
    await run(null);
    const sequencer = bindings.SEQUENCER.getByName("host");
    await sequencer.followPlan({ HOST_NAME: "Lagoon of the copy" }, 0);
    onTestFinished(() => sequencer.followPlan({}, 0));
    expect(await statusOf(record(), {}, fresh())).toBe(200);
    expect(await statusOf(repo(), {}, fresh())).toBe(200);
    expect(await sequencer.keptSettings()).toEqual({ HOST_NAME: "Lagoon of the copy" });
  });

  test("what needs it is refused by name until midnight", async () => {
    const refused = await ask(feed(), {}, fresh());
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: "NotEnoughResources" });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});
