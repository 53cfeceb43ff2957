/**
 * A data folder of the first version (commit 1cec221), as its machine died: everything is there under this one.
 * `upgrade/make-folder.mjs` made it.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { brotliDecompressSync } from "node:zlib";
import { type NodeSavedSession, NodeOAuthClient } from "@atproto/oauth-client-node";
import { SignJWT, decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type RunningHost, startHost } from "../../tools/dev/host.ts";
import { ROOT } from "../../tools/dev/wrangler-file.ts";
import { basic, xrpc, xrpcBytes } from "../../tools/dev/xrpc-client.ts";

interface Member {
  did: string;
  handle: string;
  refreshJwt: string;
}

interface Facts {
  origin: string;
  password: string;
  adminPassword: string;
  members: { alice: Member; bert: Member; cleo: Member };
  appPassword: string;
  inviteCode: string;
  blob: { cid: string; sha256: string };
  firstPost: { uri: string; cid: string };
  unsent: string[];
  oauth: { clientId: string; scope: string; session: NodeSavedSession };
}

const FOLDER = path.join(ROOT, "test/node/upgrade");
const facts = JSON.parse(readFileSync(path.join(FOLDER, "folder.json"), "utf8")) as Facts;
const { alice, bert, cleo } = facts.members;

let folder: string;
let host: RunningHost;
let jwtSecret: string;
const logged: string[] = [];

function unpack(): string {
  const made = mkdtempSync(path.join(tmpdir(), "atoll-upgrade-"));
  const tar = brotliDecompressSync(readFileSync(path.join(FOLDER, "folder.tar.br")));
  execFileSync("tar", ["-C", made, "-xf", "-"], { input: tar });
  return made;
}

/** Changes each SQLite file of a class of objects that has the table. */
function inFiles(of: string, table: string, change: (database: DatabaseSync) => void): void {
  const place = path.join(folder, "state", of);
  for (const name of readdirSync(place).filter((file) => file.endsWith(".sqlite"))) {
    const database = new DatabaseSync(path.join(place, name));
    const found = database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table);
    if (found !== undefined) change(database);
    database.close();
  }
}

/** Sessions end with time, and the folder grows old: they are made as young as on the day when it was made. */
function renewSessions(): void {
  const now = Date.now();
  inFiles("do/atoll-AccountObject", "refresh_token", (database) => {
    const { most } = database.prepare("SELECT max(expires_at) AS most FROM refresh_token").get() as {
      most: number;
    };
    const inMs = most > 1e11;
    const later = now + 30 * 86_400_000;
    database.prepare("UPDATE refresh_token SET expires_at = ?").run(inMs ? later : Math.floor(later / 1000));
  });
  inFiles("d1/miniflare-D1DatabaseObject", "oauth_session", (database) => {
    database
      .prepare("UPDATE oauth_session SET created_at = ?, updated_at = ?")
      .run(now - 60_000, now - 60_000);
    const row = database.prepare("SELECT value FROM secret WHERE name = 'JWT_SECRET'").get();
    jwtSecret = String((row as { value: string }).value);
  });
}

/** The same session's token, as if it were of today. */
const renewed = ({ refreshJwt }: Member): Promise<string> =>
  new SignJWT({ ...decodeJwt(refreshJwt) })
    .setProtectedHeader({ typ: "refresh+jwt", alg: "HS256" })
    .setIssuedAt()
    .setExpirationTime("30d")
    .sign(new TextEncoder().encode(jwtSecret));

beforeAll(async () => {
  folder = unpack();
  renewSessions();
  host = await startHost({
    dataDir: folder,
    vars: {
      PUBLIC_URL: facts.origin,
      REGISTRATION: "invite",
      RATE_LIMITS: "off",
      ADMIN_PASSWORD: facts.adminPassword,
    },
    log: ({ message }) => void (message.includes('"level":"error"') && logged.push(message)),
  });
});
afterAll(async () => {
  await host?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Named {
  uri: string;
  cid: string;
  value: { text?: string };
}

const session = (identifier: string, password = facts.password) =>
  xrpc(host.origin, "com.atproto.server.createSession", { input: { identifier, password } }) as Promise<{
    accessJwt: string;
    did: string;
  }>;

async function postsOf(did: string): Promise<Named[]> {
  const params = { repo: did, collection: "app.bsky.feed.post", limit: "100" };
  const { records } = (await xrpc(host.origin, "com.atproto.repo.listRecords", { params })) as {
    records: Named[];
  };
  return records;
}

test("its databases were brought up to date", async () => {
  const names = await host.query("DIRECTORY", "SELECT name FROM d1_migrations ORDER BY id");
  const files = readdirSync(path.join(ROOT, "migrations/directory"));
  expect(names.map(({ name }) => name)).toEqual(files.toSorted());
});

describe("whoever had an account", () => {
  test.each(Object.entries(facts.members))("%s signs in with the password of then", async (_name, member) => {
    expect((await session(member.handle)).did).toBe(member.did);
  });

  test("goes on with the session of then, and with an app password", async () => {
    const authorization = `Bearer ${await renewed(alice)}`;
    const next = await xrpc(host.origin, "com.atproto.server.refreshSession", {
      authorization,
      procedure: true,
    });
    expect(next).toMatchObject({ did: alice.did, handle: alice.handle });
    expect((await session(alice.handle, facts.appPassword)).did).toBe(alice.did);
  });

  test("has their preferences", async () => {
    const { accessJwt } = await session(alice.handle);
    const authorization = `Bearer ${accessJwt}`;
    const found = await xrpc(host.origin, "app.bsky.actor.getPreferences", { authorization });
    expect(found).toMatchObject({
      preferences: [{ $type: "app.bsky.actor.defs#adultContentPref", enabled: false }],
    });
  });

  test("lets the app in that they allowed then", async () => {
    const sessions = new Map([[alice.did, facts.oauth.session]]);
    const { clientId, scope } = facts.oauth;
    const here = (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init);
      const moved = request.url.startsWith(facts.origin)
        ? new Request(request.url.replace(facts.origin, host.origin), request)
        : request;
      return fetch(moved);
    };
    const client = new NodeOAuthClient({
      clientMetadata: {
        client_id: clientId,
        redirect_uris: ["http://127.0.0.1:9/callback"],
        scope,
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        application_type: "native",
        dpop_bound_access_tokens: true,
        token_endpoint_auth_method: "none",
      } as ConstructorParameters<typeof NodeOAuthClient>[0]["clientMetadata"],
      stateStore: { get: () => undefined, set: () => {}, del: () => {} },
      sessionStore: {
        get: (did) => sessions.get(did),
        set: (did, value) => void sessions.set(did, value),
        del: (did) => void sessions.delete(did),
      },
      handleResolver: { resolve: async () => alice.did as never },
      plcDirectoryUrl: host.outside,
      allowHttp: true,
      requestLock: async (_name, run) => run(),
      fetch: here,
    });
    const restored = await client.restore(alice.did, true);
    const answer = await restored.fetchHandler("/xrpc/com.atproto.server.getSession");
    expect([answer.status, await answer.json()]).toMatchObject([200, { did: alice.did }]);
    expect(sessions.get(alice.did)?.tokenSet.refresh_token).not.toBe(
      facts.oauth.session.tokenSet.refresh_token,
    );
  });
});

describe("what was posted", () => {
  test("is there, picture and all", async () => {
    const posts = await postsOf(alice.did);
    expect(posts).toHaveLength(33);
    expect(posts.map(({ uri }) => uri)).toContain(facts.firstPost.uri);
    const { did } = alice;
    const params = { did, cid: facts.blob.cid };
    const bytes = await xrpcBytes(host.origin, "com.atproto.sync.getBlob", { params });
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(facts.blob.sha256);
  });

  test("and never announced, is announced, and shown", async () => {
    const { accessJwt } = await session(bert.handle);
    const authorization = `Bearer ${accessJwt}`;
    await vi.waitFor(
      async () => {
        const found = await xrpc(host.origin, "app.bsky.feed.getPosts", {
          params: { uris: facts.unsent },
          authorization,
        });
        expect((found as { posts: unknown[] }).posts).toHaveLength(2);
      },
      { timeout: 20_000, interval: 500 },
    );
    const timeline = (await xrpc(host.origin, "app.bsky.feed.getTimeline", {
      params: { limit: "100" },
      authorization,
    })) as { feed: unknown[] };
    // Alice's posts, and bert's own two.
    expect(timeline.feed.length).toBe(35);
    const { thread } = (await xrpc(host.origin, "app.bsky.feed.getPostThread", {
      params: { uri: facts.firstPost.uri },
      authorization,
    })) as { thread: { post: object; replies: unknown[] } };
    expect(thread.post).toMatchObject({ likeCount: 1, replyCount: 1 });
    expect(thread.replies).toHaveLength(1);
  });

  test("is added to under a later rev", async () => {
    const { accessJwt } = await session(alice.handle);
    const made = await xrpc(host.origin, "com.atproto.repo.createRecord", {
      authorization: `Bearer ${accessJwt}`,
      input: {
        repo: alice.did,
        collection: "app.bsky.feed.post",
        record: {
          $type: "app.bsky.feed.post",
          text: "After the upgrade",
          createdAt: new Date().toISOString(),
        },
      },
    });
    const { uri } = made as { uri: string };
    expect((await postsOf(alice.did)).map((each) => each.uri)).toContain(uri);
  });
});

test("an import that was cut off is carried to its end", async () => {
  await vi.waitFor(async () => expect(await postsOf(cleo.did)).toHaveLength(40), {
    timeout: 25_000,
    interval: 500,
  });
  const { accessJwt } = await session(cleo.handle);
  const authorization = `Bearer ${accessJwt}`;
  await vi.waitFor(
    async () => {
      const feed = (await xrpc(host.origin, "app.bsky.feed.getAuthorFeed", {
        params: { actor: cleo.did, limit: "100" },
        authorization,
      })) as { feed: unknown[] };
      expect(feed.feed).toHaveLength(40);
    },
    { timeout: 20_000, interval: 500 },
  );
});

test("an invite of then lets somebody in", async () => {
  const input = {
    handle: "dora.test",
    email: "dora@example.com",
    password: facts.password,
    inviteCode: facts.inviteCode,
  };
  const made = await xrpc(host.origin, "com.atproto.server.createAccount", { input });
  expect(made).toMatchObject({ handle: "dora.test" });
});

test("the admin gets in, and nothing of it failed on the way", async () => {
  const authorization = basic("admin", facts.adminPassword);
  const found = await xrpc(host.origin, "com.atproto.admin.getAccountInfo", {
    params: { did: cleo.did },
    authorization,
  });
  expect(found).toMatchObject({ handle: cleo.handle });
  expect(logged).toEqual([]);
});
