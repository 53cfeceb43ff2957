import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { AtpAgent } from "@atproto/api";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createTestNetwork, type TestNetwork } from "../../tools/kit/index.ts";

let network: TestNetwork;

beforeAll(async () => {
  network = await createTestNetwork();
}, 60_000);
beforeEach(() => network.reset());
afterAll(() => network.dispose());

describe("accounts", () => {
  test("are signed up once, and signed in as the official client", async () => {
    const alice = await network.account("alice");
    expect(await network.account("alice")).toBe(alice);
    expect(alice.handle).toBe("alice.test");
    const agent = network.agent("alice");
    expect(agent).toBeInstanceOf(AtpAgent);
    const { uri } = await agent.post({ text: "hello" });
    const { data } = await agent.getTimeline();
    expect(data.feed.map(({ post }) => post.uri)).toEqual([uri]);
  });

  test("are made side by side", async () => {
    const names = Array.from({ length: 8 }, (_, i) => `member${i}`);
    const made = await Promise.all(names.map((name) => network.account(name)));
    expect(new Set(made.map(({ did }) => did)).size).toBe(8);
    expect([...network.accounts.keys()].toSorted()).toEqual(names);
  });

  test("that do not exist are named in the error, and so is what to do", async () => {
    await network.account("alice");
    expect(() => network.agent("alcie")).toThrow(
      'There is no account "alcie". Did you mean "alice"? `await network.account("alcie")` makes it.',
    );
    expect(() => network.mailbox("bob")).toThrow('There is no account "bob".');
    expect(() => network.host("north")).toThrow('There is no host "north".');
  });

  test("are nearest to what was meant, of several names like it", async () => {
    for (const name of ["alina", "aline", "alice"]) await network.account(name);
    expect(() => network.agent("alicee")).toThrow('Did you mean "alice"?');
  });

  test("calls with a field that does not exist say so, and send nothing", async () => {
    const call: object = { body: { account: "did:plc:x" } };
    await expect(network.host().admin("com.atproto.admin.disableAccountInvites", call)).rejects.toThrow(
      'there is no "body". There are params, input',
    );
  });

  test("that cannot be made say why", async () => {
    for (const name of ["al", "al_ice", "Alice", "", "x".repeat(19)]) {
      const said = `account(${JSON.stringify(name)}): a name is 3 to 18 of a-z, 0-9 and dashes`;
      await expect(network.account(name)).rejects.toThrow(said);
    }
    await expect(network.account("alice.example.com")).rejects.toThrow("HANDLE_DOMAINS");
    const typo: object = { pasword: "secret" };
    await expect(network.account("alice", typo)).rejects.toThrow('Did you mean "password"?');
    expect(network.accounts.size).toBe(0);
  });

  test("may have names that a deploy keeps for itself", async () => {
    expect((await network.account("bot")).handle).toBe("bot.test");
  });

  test("have one name, whether by label or by handle, and are not made over", async () => {
    const alice = await network.account("alice");
    expect(await network.account("alice.test")).toBe(alice);
    expect(network.agent("alice.test")).toBe(network.agent("alice"));
    await expect(network.account("alice", { password: "another" })).rejects.toThrow(
      'account("alice"): it was made before, with password "alice-password".',
    );
  });
});

describe("the firehose", () => {
  test("is decoded, and waits for what is expected", async () => {
    const alice = await network.account("alice");
    const firehose = network.firehose();
    const posting = network.agent("alice").post({ text: "seen?" });
    const op = await firehose.record(({ collection }) => collection === "app.bsky.feed.post");
    expect(op).toMatchObject({ action: "create", uri: (await posting).uri, record: { text: "seen?" } });
    const first = await firehose.next();
    const active = await firehose.until((event) => event.kind === "account");
    expect(first).toMatchObject({ kind: "identity", did: alice.did, handle: "alice.test" });
    expect(active).toMatchObject({ active: true });
  });

  test("says what there was when the expected does not come", async () => {
    await network.account("alice");
    const firehose = network.firehose();
    await firehose.next();
    await expect(firehose.until(() => false, { timeout: 100 })).rejects.toThrow(/no such event among \d+/);
  });

  test("begins anew after a reset, and goes on after a crash", async () => {
    const firehose = network.firehose();
    await network.account("alice");
    await firehose.next();
    await network.reset();
    expect(firehose.events).toEqual([]);
    const bob = await network.account("bob");
    expect(await firehose.next()).toMatchObject({ kind: "identity", did: bob.did });
    await network.crash();
    const { uri } = await network.agent("bob").post({ text: "after" });
    await firehose.record((op) => op.uri === uri);
    const seqs = firehose.events.map(({ seq }) => seq);
    const [first = 0] = seqs;
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => first + i));
  });
});

describe("a seed", () => {
  test("becomes true, and is indexed", async () => {
    const { accounts, posts } = await network.seed({
      accounts: [{ name: "alice", displayName: "Alice" }, { name: "bob" }],
      follows: { bob: ["alice"] },
      posts: [{ id: "first", by: "alice", text: "hello @bob", likedBy: ["bob"] }],
      records: [{ by: "bob", collection: "com.example.note", rkey: "one", record: { text: "mine" } }],
    });
    const { data } = await network.agent("bob").getTimeline();
    expect(data.feed[0]?.post).toMatchObject({ uri: posts.get("first")?.uri, likeCount: 1 });
    const record = await network.host().xrpc("com.atproto.repo.getRecord", {
      params: { repo: accounts.get("bob")?.did, collection: "com.example.note", rkey: "one" },
    });
    expect(record).toMatchObject({ value: { text: "mine" } });
  });

  test("gives the same keys at the same moment", async () => {
    const seed = { accounts: [{ name: "alice" }], posts: [{ id: "p", by: "alice", text: "hello" }] };
    const now = new Date("2026-05-05T05:05:05Z");
    const rkeyOf = async () => (await network.seed(seed, { now })).posts.get("p")?.uri.split("/").at(-1);
    const first = await rkeyOf();
    await network.reset();
    expect(await rkeyOf()).toBe(first);
  });

  test("goes on with accounts whose tokens have expired meanwhile", async () => {
    await network.seed({ accounts: [{ name: "alice" }] });
    await network.clock.advance("3h");
    await network.seed({ posts: [{ by: "alice", text: "three hours later" }] });
    const { data } = await network.agent("alice").getAuthorFeed({ actor: "alice.test" });
    expect(data.feed).toHaveLength(1);
  });

  test("says which part the host refused", async () => {
    const long = { accounts: [{ name: "alice" }], posts: [{ by: "alice", text: "x".repeat(301) }] };
    await expect(network.seed(long)).rejects.toThrow(/^posts\[0\]: .* at most 300 grapheme/);
    const elsewhere = { accounts: [{ name: "bob", host: "hots" }] };
    await expect(network.seed(elsewhere)).rejects.toThrow(
      'accounts[0].host: there is no host "hots". Did you mean "host"?',
    );
  });

  test("with a typo changes nothing, and says where it is", async () => {
    const seed = { accounts: [{ name: "alice" }], posts: [{ by: "alcie", text: "hi" }] };
    await expect(network.seed(seed)).rejects.toThrow(
      'posts[0].by: there is no account "alcie". Did you mean "alice"?',
    );
    expect(network.accounts.size).toBe(0);
  });
});

describe("mail", () => {
  test("is kept, with the code that it carries", async () => {
    const { email, accessJwt } = await network.account("alice");
    await network.host().xrpc("com.atproto.server.requestEmailConfirmation", {
      procedure: true,
      authorization: `Bearer ${accessJwt}`,
    });
    const { code: token } = await network.mailbox("alice").next();
    await network.host().xrpc("com.atproto.server.confirmEmail", {
      input: { email, token },
      authorization: `Bearer ${accessJwt}`,
    });
    const session = await network.host().xrpc("com.atproto.server.getSession", {
      authorization: `Bearer ${accessJwt}`,
    });
    expect(session).toMatchObject({ emailConfirmed: true });
    await network.mailbox().clear();
    expect(await network.mailbox().list()).toEqual([]);
  });
});

describe("the clock", () => {
  test("makes tokens expire, and the client refreshes them", async () => {
    const { accessJwt } = await network.account("alice");
    await network.clock.advance("3h");
    const stale = network
      .host()
      .xrpc("com.atproto.server.getSession", { authorization: `Bearer ${accessJwt}` });
    await expect(stale).rejects.toMatchObject({ status: 400, error: "ExpiredToken" });
    const { data } = await network.agent("alice").getTimeline();
    expect(data.feed).toEqual([]);
    expect(network.agent("alice").session?.accessJwt).not.toBe(accessJwt);
  });

  test("ends grace periods: of a mailed code, and of an upload that no record took", async () => {
    await network.account("alice");
    const agent = network.agent("alice");
    await agent.com.atproto.server.requestPasswordReset({ email: "alice@example.test" });
    const { code } = await network.mailbox("alice").next();
    const { data } = await agent.uploadBlob(new Uint8Array(100), { encoding: "text/plain" });
    await network.clock.advance("16m");
    await expect(
      agent.com.atproto.server.resetPassword({ token: String(code), password: "new password" }),
    ).rejects.toThrow("Token is expired");
    await network.clock.advance("25h");
    const record = { file: data.blob.original };
    await expect(
      agent.com.atproto.repo.createRecord({ repo: agent.assertDid, collection: "com.example.note", record }),
    ).rejects.toThrow("Could not find blob");
  });

  test("stamps what is written, and rings alarms that are due", async () => {
    await network.clock.set("2031-01-01T00:00:00Z");
    await network.account("alice");
    const firehose = network.firehose();
    expect((await firehose.next()).time).toMatch(/^2031-01-01T00:0/);
    // The firehose window is 72 hours; its alarm prunes all events but the newest.
    await network.clock.advance("30d");
    const [{ count } = { count: 0 }] = await network
      .host()
      .query("DIRECTORY", "SELECT count(*) AS count FROM account");
    expect(count).toBe(1);
    const replay = network.firehose();
    await network.agent("alice").post({ text: "later" });
    await replay.record(({ action }) => action === "create");
    expect(replay.events.length).toBeLessThan(3);
  });

  test("stays where it is over a crash, and is the machine's again after a reset", async () => {
    await network.clock.advance("10d");
    await network.crash();
    await network.account("alice");
    const { time } = await network.firehose().next();
    expect(Math.abs(Date.parse(time) - Date.now() - 10 * 86_400_000)).toBeLessThan(60_000);
    await network.reset();
    expect(network.clock.offset).toBe(0);
    await expect(network.clock.advance("soon" as "1h")).rejects.toThrow('"soon" is no duration');
  });
});

describe("a crash", () => {
  test("loses nothing that was acknowledged", async () => {
    await network.account("alice");
    const pid = network.host().pid;
    const posts = Array.from({ length: 10 }, (_, i) => network.agent("alice").post({ text: `post ${i}` }));
    const uris = (await Promise.all(posts)).map(({ uri }) => uri);
    await network.crash();
    expect(network.host().pid).not.toBe(pid);
    await network.settle();
    const { data } = await network.agent("alice").getAuthorFeed({ actor: "alice.test" });
    expect(data.feed.map(({ post }) => post.uri).toSorted()).toEqual(uris.toSorted());
  });
});

describe("what the host fetches", () => {
  test("goes nowhere, and is written down", async () => {
    await expect(network.host().memberOf("someone.example.com")).resolves.toBeNull();
    const asked = await network.fetches.next("https://someone.example.com/.well-known/atproto-did");
    expect(asked).toMatchObject({ method: "GET", status: null, host: "host" });
  });

  test("gets the answer that was given", async () => {
    const { did } = await network.account("alice");
    const stop = network.fetches.answer(/atproto-did$/, () => new Response(did));
    expect(await network.host().memberOf("alice.example.org")).toBe(did);
    stop();
    network.fetches.handle("alice.example.net", did);
    expect(await network.host().memberOf("alice.example.net")).toBe(did);
  });

  test("reaches the app under test", async () => {
    const app = http.createServer((request, response) => response.end(`${request.headers.authorization}`));
    await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
    const port = (app.address() as AddressInfo).port;
    const did = `did:web:localhost%3A${port}`;
    network.fetches.answer(`http://localhost:${port}/.well-known/did.json`, {
      id: did,
      service: [{ id: "#thing", type: "Thing", serviceEndpoint: `http://localhost:${port}` }],
    });
    const { accessJwt } = await network.account("alice");
    const response = await fetch(`${network.url}/xrpc/com.example.thing`, {
      headers: { authorization: `Bearer ${accessJwt}`, "atproto-proxy": `${did}#thing` },
    });
    expect(await response.text()).toMatch(/^Bearer ey/);
    app.close();
    expect(await network.fetches.next(`http://localhost:${port}/xrpc/`)).toMatchObject({ status: 200 });
  });
});

describe("a notification", () => {
  test("is waited for", async () => {
    await network.account("alice");
    await network.account("bob");
    const waiting = network.notification("alice", ({ reason }) => reason === "follow");
    await network.agent("bob").follow((await network.account("alice")).did);
    expect((await waiting).author.handle).toBe("bob.test");
    await expect(
      network.notification("alice", ({ reason }) => reason === "like", { timeout: 50 }),
    ).rejects.toThrow(/no such notification of alice\.test\. What is there:\n {2}follow by bob\.test at:/);
  });
});

test("what the hosts have logged is there for a test that fails, since the last reset", async () => {
  await network.account("alice");
  const missing = network.host().xrpc("com.atproto.repo.describeRepo", { params: { repo: "nobody.test" } });
  await expect(missing).rejects.toThrow();
  await expect.poll(() => network.logs.join("\n")).toMatch(/^host .*com\.atproto\.repo\.describeRepo/m);
  await network.reset();
  expect(network.logs.join("\n")).not.toContain("describeRepo");
});

test("reset waits for requests under way, and holds up later ones", async () => {
  const { did } = await network.account("alice");
  const { promise: asked, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  network.fetches.answer(/atproto-did$/, async () => {
    arrive();
    await gate;
    return new Response(did);
  });
  const resolving = network.host().memberOf("slow.example.com");
  await asked;
  const resets = Promise.all([network.reset(), network.reset()]);
  const later = network.account("carol");
  // By now the host has received the reset. If it has not, the test only shows less.
  await new Promise((resolve) => setTimeout(resolve, 50));
  open();
  expect(await resolving).toBe(did);
  await resets;
  expect((await later).handle).toBe("carol.test");
  expect([...network.accounts.keys()]).toEqual(["carol"]);
});

test("an account that a reset overtakes says so", async () => {
  const lost = network.account("bob").catch((thrown: unknown) => String(thrown));
  await network.reset();
  expect(await lost).toContain("the network was reset meanwhile");
  expect(network.accounts.size).toBe(0);
});

test("crashes that overlap come one after the other", async () => {
  await network.account("alice");
  await Promise.all([network.crash(), network.crash()]);
  await network.agent("alice").post({ text: "still here" });
});

test("a network that was disposed of says so, whatever it is asked", async () => {
  const other = await createTestNetwork();
  await other.account("alice");
  const waiting = other.firehose().until(() => false);
  const ended = expect(waiting).rejects.toThrow("the firehose was closed");
  await other.dispose();
  await ended;
  await other.dispose();
  const asked = [
    () => other.account("alice"),
    () => other.agent("alice"),
    () => other.seed({}),
    () => other.firehose(),
    () => other.mailbox(),
    () => other.notification("alice"),
    () => other.settle(),
    () => other.reset(),
    () => other.crash(),
    () => other.clock.advance("1h"),
    () => other.fetches.next("https://example.com/"),
    () => other.host().xrpc("com.atproto.server.describeServer"),
  ];
  for (const ask of asked) {
    await expect((async () => ask())()).rejects.toThrow("The network was disposed of.");
  }
});

test("reset leaves nothing of what was", async () => {
  const { did } = await network.account("alice");
  await network.agent("alice").post({ text: "gone" });
  await network.agent("alice").uploadBlob(new Uint8Array(100), { encoding: "application/octet-stream" });
  await network.reset();
  await expect(
    network.host().xrpc("com.atproto.repo.describeRepo", { params: { repo: did } }),
  ).rejects.toThrow();
  const repos = await network.host().xrpc("com.atproto.sync.listRepos");
  expect(repos).toMatchObject({ repos: [] });
  const [{ count } = { count: -1 }] = await network
    .host()
    .query("APPVIEW_DB", "SELECT count(*) AS count FROM post");
  expect(count).toBe(0);
  // The PLC directory has forgotten the account too, and the name is free again.
  expect((await fetch(`${network.plc}/${did}`)).status).toBe(404);
  await network.account("alice");
});

test("dispose ends the process and removes the folder, though a test has thrown", async () => {
  let pid = 0;
  // The test uses its own parent folder: other test files create and remove folders at the same time.
  const folder = mkdtempSync(path.join(tmpdir(), "kit-dispose-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const throwing = async () => {
    await using other = await createTestNetwork({ folder });
    pid = other.host().pid;
    await other.account("alice");
    other.firehose();
    expect(readdirSync(folder)).not.toEqual([]);
    throw new Error("a test that fails");
  };
  await expect(throwing()).rejects.toThrow("a test that fails");
  expect(() => process.kill(pid, 0)).toThrow();
  expect(readdirSync(folder)).toEqual([]);
});
