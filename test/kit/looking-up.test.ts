/** Two hosts of ours: what a member of the one sees of a member of the other, and what a forger makes them see. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestNetwork, type TestNetwork } from "../../tools/kit/index.ts";
import { SignedRepo, post } from "../support/signed-repo.ts";

let network: TestNetwork;
let made = 0;

beforeAll(async () => {
  network = await createTestNetwork({ hosts: ["north", "south"] });
  await network.account("alice.north.test", { host: "north" });
}, 60_000);
afterAll(() => network?.dispose());
beforeEach(() => {
  network.fetches.clear();
});

const alice = () => network.agent("alice.north.test");
const get = async <T>(nsid: string, params: Record<string, string | number>, name = "alice.north.test") => {
  const { data } = await network.agent(name).call(nsid, params);
  return data as T;
};
// oxlint-disable-next-line typescript/no-explicit-any -- views, taken apart by assertions
type View = any;

/** Somebody new at the south, with a profile. */
async function southerner() {
  const name = `sue${made++}`;
  const { did, handle } = await network.account(`${name}.south.test`, { host: "south" });
  const agent = network.agent(handle);
  await agent.upsertProfile(() => ({ displayName: `Sue ${name}`, description: "of the south" }));
  return { did, handle, agent };
}

const sent = () => network.fetches.list.filter(({ host }) => host === "north").length;

describe("a member looks up somebody elsewhere", () => {
  test("by handle: a profile, within six requests, and then from the index", async () => {
    const { did, handle } = await southerner();
    const profile = await get<View>("app.bsky.actor.getProfile", { actor: handle });
    expect(profile).toMatchObject({ did, handle, description: "of the south", followersCount: 0 });
    expect(sent()).toBeLessThanOrEqual(6);
    const before = sent();
    expect(await get<View>("app.bsky.actor.getProfile", { actor: did })).toMatchObject({ did, handle });
    expect(sent()).toBe(before);
    const guest = await network
      .host("north")
      .xrpc<View>("app.bsky.actor.getProfile", { params: { actor: did } });
    expect(guest).toMatchObject({ did, handle });
  });

  test("by DID, and by search with the whole handle, while half a handle finds nobody", async () => {
    const { did, handle } = await southerner();
    const other = await southerner();
    expect(await get<View>("app.bsky.actor.getProfile", { actor: did })).toMatchObject({ handle });
    const half = await get<View>("app.bsky.actor.searchActors", { q: other.handle.slice(0, -3) });
    expect(half.actors).toEqual([]);
    const typed = await get<View>("app.bsky.actor.searchActorsTypeahead", { q: other.handle });
    expect(typed.actors).toEqual([]);
    const found = await get<View>("app.bsky.actor.searchActors", { q: `@${other.handle}` });
    expect(found.actors).toMatchObject([{ did: other.did, handle: other.handle }]);
  });

  test("follows them, opens a post and quotes it, and others see the quote", async () => {
    const { did, handle, agent } = await southerner();
    const post = await agent.post({ text: "grown in the south" });
    await get("app.bsky.actor.getProfile", { actor: handle });
    await alice().follow(did);
    const thread = await get<View>("app.bsky.feed.getPostThread", { uri: post.uri });
    expect(thread.thread.post).toMatchObject({ cid: post.cid, likeCount: 0, author: { did, handle } });
    const quote = await alice().post({
      text: "look",
      embed: { $type: "app.bsky.embed.record", record: { uri: post.uri, cid: post.cid } },
    });
    await network.settle();
    const seen = await get<View>("app.bsky.feed.getPosts", { uris: quote.uri });
    expect(seen.posts[0].embed.record).toMatchObject({
      $type: "app.bsky.embed.record#viewRecord",
      cid: post.cid,
      author: { did },
    });
    // A member's record points at it, so the index has it, and shows it to guests.
    const guest = await network
      .host("north")
      .xrpc<View>("app.bsky.feed.getPosts", { params: { uris: post.uri } });
    expect(guest.posts).toMatchObject([{ cid: post.cid, quoteCount: 1 }]);
    const follows = await get<View>("app.bsky.graph.getFollows", { actor: "alice.north.test" });
    expect(follows.follows.map((one: View) => one.did)).toContain(did);
    expect(
      await network
        .host("north")
        .query("APPVIEW_DB", "SELECT count(*) AS n FROM notification WHERE did = ?", did),
    ).toEqual([{ n: 0 }]);
  });

  test("opens the answer to an answer, and sees what is above", async () => {
    const one = await southerner();
    const two = await southerner();
    const root = await one.agent.post({ text: "root" });
    const middle = await two.agent.post({ text: "middle", reply: { root, parent: root } });
    const leaf = await one.agent.post({ text: "leaf", reply: { root, parent: middle } });
    for (const { handle } of [one, two]) await get("app.bsky.actor.getProfile", { actor: handle });
    network.fetches.list.length = 0;
    const { thread } = await get<View>("app.bsky.feed.getPostThread", { uri: leaf.uri });
    expect([thread.post.uri, thread.parent.post.uri, thread.parent.parent.post.uri]).toEqual([
      leaf.uri,
      middle.uri,
      root.uri,
    ]);
    expect(sent()).toBeLessThanOrEqual(6);
    const v2 = await get<View>("app.bsky.unspecced.getPostThreadV2", { anchor: leaf.uri, above: "true" });
    expect(v2.thread.map((item: View) => item.uri)).toEqual([root.uri, middle.uri, leaf.uri]);
  });

  test("reads their posts page by page, as their host lists them", async () => {
    const { did, handle, agent } = await southerner();
    const refs = [];
    for (let i = 0; i < 5; i++) refs.push(await agent.post({ text: `post ${i}` }));
    await agent.post({ text: "an answer", reply: { root: refs[0] as never, parent: refs[0] as never } });
    const first = await get<View>("app.bsky.feed.getAuthorFeed", { actor: handle, limit: 3 });
    const second = await get<View>("app.bsky.feed.getAuthorFeed", {
      actor: handle,
      limit: 3,
      cursor: first.cursor,
    });
    const uris = [...first.feed, ...second.feed].map(({ post }: View) => post.record.text);
    expect(uris).toEqual(["an answer", "post 4", "post 3", "post 2", "post 1", "post 0"]);
    const plain = await get<View>("app.bsky.feed.getAuthorFeed", { actor: did, filter: "posts_no_replies" });
    expect(plain.feed).toHaveLength(5);
    expect(
      await network.host("north").query("APPVIEW_DB", "SELECT count(*) AS n FROM post WHERE author = ?", did),
    ).toEqual([{ n: 0 }]);
  });

  test("opens a post by a handle's address, and a list", async () => {
    const { handle, agent, did } = await southerner();
    const post = await agent.post({ text: "by name" });
    const rkey = post.uri.split("/").at(-1);
    const { thread } = await get<View>("app.bsky.feed.getPostThread", {
      uri: `at://${handle}/app.bsky.feed.post/${rkey}`,
    });
    expect(thread.post).toMatchObject({ uri: post.uri, author: { did } });
    const list = await agent.app.bsky.graph.list.create(
      { repo: did },
      { name: "Skaters", purpose: "app.bsky.graph.defs#curatelist", createdAt: new Date().toISOString() },
    );
    const found = await get<View>("app.bsky.graph.getList", { list: list.uri });
    expect(found.list).toMatchObject({ name: "Skaters", creator: { did } });
  });
});

/** Answers what the north asks of the south's `method` with what a forger makes of it. */
const forge = (method: string, answer: (request: Request) => Promise<Response> | Response | null) =>
  network.fetches.answer((request) => request.url.includes(`/xrpc/${method}?`), answer as never);

const PROOF = "com.atproto.sync.getRecord";

/** What the south would have said. */
const honest = (url: string | URL) => fetch(url);

const carOf = async (did: string, collection: string, rkey: string) =>
  new Uint8Array(
    await (
      await honest(
        `${network.host("south").url}/xrpc/${PROOF}?${new URLSearchParams({ did, collection, rkey }).toString()}`,
      )
    ).arrayBuffer(),
  );

const shown = async (uri: string) => {
  const { posts } = await get<View>("app.bsky.feed.getPosts", { uris: uri });
  return posts.length as number;
};

const keyOf = (repo: SignedRepo) => [
  {
    id: `${repo.did}#atproto`,
    type: "Multikey",
    controller: repo.did,
    publicKeyMultibase: repo.didKey.slice("did:key:".length),
  },
];

const serviceAt = (serviceEndpoint: string) => [
  { id: "#atproto_pds", type: "AtprotoPersonalDataServer", serviceEndpoint },
];

/** A host of one account that says what a test tells it. */
class Forger {
  repo: SignedRepo;
  readonly #home: string;
  document: { id: string; alsoKnownAs: string[]; verificationMethod: object[]; service: object[] };
  #posts = 0;

  constructor(name: string, seed = 7, micros = Date.now() * 1000) {
    const did = `did:web:${name}.example.com` as const;
    this.repo = new SignedRepo(did, seed, micros);
    this.#home = `https://pds.${name}.example.com`;
    this.document = {
      id: did,
      alsoKnownAs: [`at://${name}.example.com`],
      verificationMethod: keyOf(this.repo),
      service: serviceAt(this.#home),
    };
    this.repo.commit([
      {
        path: "app.bsky.actor.profile/self",
        record: { $type: "app.bsky.actor.profile", displayName: "Forger" },
      },
    ]);
    network.fetches.handle(`${name}.example.com`, did);
    network.fetches.answer(`https://${name}.example.com/.well-known/did.json`, () => this.document as never);
    network.fetches.answer(`${this.#home}/xrpc/${PROOF}?`, (request) => {
      const { searchParams } = new URL(request.url);
      return new Response(this.repo.proof(`${searchParams.get("collection")}/${searchParams.get("rkey")}`));
    });
  }

  post(text: string): string {
    const path = `app.bsky.feed.post/3kaaaaaaaaa${"abcdefghij"[this.#posts++]}a`;
    this.repo.commit([{ path, record: post(text) }]);
    return `at://${this.repo.did}/${path}`;
  }
}

test("repo.getRecord gives a member any record of an account elsewhere, whole, and a guest none", async () => {
  const { did, handle, agent } = await southerner();
  const record = { $type: "com.example.note", text: "of no lexicon here", tags: ["x".repeat(50_000)] };
  const { data } = await agent.com.atproto.repo.createRecord({
    repo: did,
    collection: "com.example.note",
    record,
    validate: false,
  });
  const asked = { collection: "com.example.note", rkey: data.uri.split("/").at(-1) ?? "" };
  for (const repo of [did, handle]) {
    const found = await get<View>("com.atproto.repo.getRecord", { repo, ...asked });
    expect(found).toEqual({ uri: data.uri, cid: data.cid, value: record });
  }
  network.fetches.list.length = 0;
  const guest = network.host("north").xrpc("com.atproto.repo.getRecord", { params: { repo: did, ...asked } });
  await expect(guest).rejects.toThrow("Could not find repo");
  expect(sent()).toBe(0);
  const none = get("com.atproto.repo.getRecord", { repo: did, ...asked, rkey: "none" });
  await expect(none).rejects.toThrow("Could not find repo");
});

describe("a forger's proof is not shown", () => {
  const partsOf = (uri: string) => uri.split("/").slice(2) as [string, string, string];

  test.each([
    [
      "another's record under the same key",
      async () => {
        const [one, two] = [await southerner(), await southerner()];
        const post = await one.agent.post({ text: "mine" });
        const [, collection, rkey] = partsOf(post.uri);
        await two.agent.com.atproto.repo.putRecord({
          repo: two.did,
          collection,
          rkey,
          record: { $type: collection, text: "not mine", createdAt: new Date().toISOString() },
        });
        return { uri: post.uri, car: await carOf(two.did, collection, rkey) };
      },
    ],
    [
      "another record of the same author",
      async () => {
        const { agent, did } = await southerner();
        const [post, other] = [await agent.post({ text: "asked for" }), await agent.post({ text: "sent" })];
        const [, collection, rkey] = partsOf(other.uri);
        return { uri: post.uri, car: await carOf(did, collection, rkey) };
      },
    ],
    [
      "a text that was changed on the way",
      async () => {
        const { agent, did } = await southerner();
        const post = await agent.post({ text: "honest words" });
        const [, collection, rkey] = partsOf(post.uri);
        const car = await carOf(did, collection, rkey);
        const at = Buffer.from(car).indexOf("honest");
        car.set(Buffer.from("forged"), at);
        return { uri: post.uri, car };
      },
    ],
    [
      "a signature that was changed",
      async () => {
        const { agent, did } = await southerner();
        const post = await agent.post({ text: "signed" });
        const [, collection, rkey] = partsOf(post.uri);
        const car = await carOf(did, collection, rkey);
        const at = Buffer.from(car).indexOf("csig");
        car[at + 10] = (car[at + 10] ?? 0) ^ 1;
        return { uri: post.uri, car };
      },
    ],
    [
      "half an archive",
      async () => {
        const { agent, did } = await southerner();
        const post = await agent.post({ text: "half" });
        const [, collection, rkey] = partsOf(post.uri);
        const car = await carOf(did, collection, rkey);
        return { uri: post.uri, car: car.subarray(0, car.length >> 1) };
      },
    ],
  ] as const)("%s", async (_, make) => {
    const { uri, car } = await make();
    const stop = forge(PROOF, (request) =>
      request.url.includes(uri.split("/").at(-1) ?? "") ? new Response(car) : (null as never),
    );
    expect(await shown(uri)).toBe(0);
    stop();
    expect(
      await network.host("north").query("APPVIEW_DB", "SELECT count(*) AS n FROM post WHERE uri = ?", uri),
    ).toEqual([{ n: 0 }]);
  });

  test("signed by a key that the document does not name, until it does", async () => {
    const forger = new Forger("key");
    const uri = forger.post("of another key");
    const right = forger.document.verificationMethod;
    forger.document.verificationMethod = keyOf(new SignedRepo(forger.repo.did, 9));
    expect(await shown(uri)).toBe(0);
    forger.document.verificationMethod = right;
    // The document was fetched anew because of it; the next post is honest by the document of then.
    const rotated = new Forger("rotated");
    expect(await shown(rotated.post("seen first"))).toBe(1);
    rotated.repo = new SignedRepo(rotated.repo.did, 11, Date.now() * 1000);
    rotated.document.verificationMethod = keyOf(rotated.repo);
    expect(await shown(rotated.post("after the key changed"))).toBe(1);
  });

  test("of somebody else's document, and of a host that the document does not name", async () => {
    const forger = new Forger("who");
    forger.document.id = "did:web:victim.example.com";
    expect(await shown(forger.post("in another's name"))).toBe(0);
    const homeless = new Forger("homeless");
    homeless.document.service = [];
    expect(await shown(homeless.post("from nowhere"))).toBe(0);
    for (const endpoint of [
      "https://10.0.0.7",
      "https://intranet",
      "http://pds.example.com",
      network.host("north").url,
    ]) {
      const inside = new Forger(`in${made++}`);
      inside.document.service = serviceAt(endpoint);
      network.fetches.list.length = 0;
      expect(await shown(inside.post("look inside"))).toBe(0);
      expect(network.fetches.list.filter(({ url }) => url.includes(PROOF))).toEqual([]);
    }
  });

  test("dated a day ahead, or larger than a record may be", async () => {
    const ahead = new Forger("ahead", 7, (Date.now() + 86_400_000) * 1000);
    expect(await shown(ahead.post("of tomorrow"))).toBe(0);
    const large = new Forger("large");
    expect(await shown(large.post("x".repeat(1_100_000)))).toBe(0);
  });

  test("a redirect to this machine, a bomb, and a body that comes drop by drop", async () => {
    const { agent } = await southerner();
    const posts = [];
    for (const text of ["led away", "bomb", "slow"]) posts.push(await agent.post({ text }));
    const [led, bomb, slow] = posts.map(({ uri }) => uri) as [string, string, string];
    const stop = forge(PROOF, async (request) => {
      if (request.url.includes(led.split("/").at(-1) ?? "-"))
        return new Response(null, {
          status: 302,
          headers: { location: `${network.host("south").url}/xrpc/${PROOF}${new URL(request.url).search}` },
        });
      if (request.url.includes(bomb.split("/").at(-1) ?? "-")) {
        const { gzipSync } = await import("node:zlib");
        return new Response(gzipSync(Buffer.alloc(200_000_000)), { headers: { "content-encoding": "gzip" } });
      }
      return new Response(
        new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 200));
            controller.enqueue(new Uint8Array(1));
          },
        }),
      );
    });
    const begun = Date.now();
    for (const uri of [led, bomb, slow]) expect(await shown(uri)).toBe(0);
    expect(Date.now() - begun).toBeLessThan(6_000);
    stop();
  });
});

describe("nobody is asked in vain", () => {
  test("a guest causes no request at all", async () => {
    const { did, handle, agent } = await southerner();
    const post = await agent.post({ text: "unseen" });
    const guest = (nsid: string, params: Record<string, string>) =>
      network
        .host("north")
        .xrpc<View>(nsid, { params })
        .catch(() => null);
    await guest("app.bsky.actor.getProfile", { actor: did });
    await guest("app.bsky.actor.getProfile", { actor: handle });
    await guest("app.bsky.actor.searchActors", { q: handle });
    await guest("app.bsky.feed.getPosts", { uris: post.uri });
    await guest("app.bsky.feed.getPostThread", { uri: post.uri });
    await guest("app.bsky.feed.getAuthorFeed", { actor: did });
    await guest("app.bsky.graph.getList", { list: `at://${did}/app.bsky.graph.list/none` });
    expect(sent()).toBe(0);
  });

  test("what is not there is asked for once a minute, and what a member deleted never", async () => {
    const { did } = await southerner();
    const uri = `at://${did}/app.bsky.feed.post/3kaaaaaaaaa2a`;
    expect(await shown(uri)).toBe(0);
    const once = sent();
    expect(once).toBeGreaterThan(0);
    expect(await shown(uri)).toBe(0);
    expect(sent()).toBe(once);
    expect(await shown(`at://${alice().assertDid}/app.bsky.feed.post/3kaaaaaaaaa2a`)).toBe(0);
    expect(sent()).toBe(once);
  });

  test("a host that asks for patience is left alone", async () => {
    const { agent } = await southerner();
    const [one, two] = [await agent.post({ text: "one" }), await agent.post({ text: "two" })];
    const stop = forge(PROOF, () =>
      Response.json({ error: "RateLimitExceeded" }, { status: 429, headers: { "retry-after": "1" } }),
    );
    expect(await shown(one.uri)).toBe(0);
    const asked = sent();
    expect(await shown(two.uri)).toBe(0);
    expect(network.fetches.list.filter(({ url }) => url.includes(PROOF))).toHaveLength(1);
    expect(sent()).toBe(asked);
    stop();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const three = await agent.post({ text: "three" });
    expect(await shown(three.uri)).toBe(1);
  });

  test("a host that is slow costs the reader a second and a half, and the next one finds it", async () => {
    const { agent } = await southerner();
    const post = await agent.post({ text: "late" });
    const stop = forge(PROOF, async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return honest(request.url);
    });
    const begun = Date.now();
    expect(await shown(post.uri)).toBe(0);
    expect(Date.now() - begun).toBeLessThan(2_000);
    await expect.poll(() => shown(post.uri), { timeout: 8_000 }).toBe(1);
    stop();
  });
});

describe("names", () => {
  test("an outsider who claims a member's name, or one below this host's domain, has none", async () => {
    for (const claimed of ["alice.north.test", "free.north.test", "gamma.example.com"]) {
      const forger = new Forger(`name${made++}`);
      forger.document.alsoKnownAs = [`at://${claimed}`];
      network.fetches.handle(
        claimed,
        claimed === "gamma.example.com" ? "did:plc:somebodyelse" : forger.repo.did,
      );
      const profile = await get<View>("app.bsky.actor.getProfile", { actor: forger.repo.did });
      expect(profile).toMatchObject({ handle: "handle.invalid", displayName: "Forger" });
    }
    const own = await get<View>("app.bsky.actor.getProfile", { actor: "alice.north.test" });
    expect(own.did).toBe(alice().assertDid);
  });

  test("a name that moves goes with its new holder", async () => {
    const [first, second] = [new Forger("first"), new Forger("second")];
    for (const each of [first, second]) each.document.alsoKnownAs = ["at://moving.example.com"];
    network.fetches.handle("moving.example.com", first.repo.did);
    expect(await get<View>("app.bsky.actor.getProfile", { actor: "moving.example.com" })).toMatchObject({
      did: first.repo.did,
    });
    // The name's own answer is kept for ten minutes.
    await network.clock.advance(11 * 60_000);
    network.fetches.handle("moving.example.com", second.repo.did);
    expect(await get<View>("app.bsky.actor.getProfile", { actor: second.repo.did })).toMatchObject({
      handle: "moving.example.com",
    });
    expect(await get<View>("app.bsky.actor.getProfile", { actor: first.repo.did })).toMatchObject({
      handle: "handle.invalid",
    });
  });
});

describe("pictures", () => {
  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  const GET_BLOB = "com.atproto.sync.getBlob";

  test("of somebody who was looked up come through this host, checked, and of nobody else", async () => {
    const { did, agent } = await southerner();
    const { data } = await agent.uploadBlob(png, { encoding: "image/png" });
    await agent.upsertProfile((before) => ({ ...before, avatar: data.blob }));
    const path = `/img/avatar/plain/${did}/${data.blob.ref.toString()}@jpeg`;
    const at = `${network.host("north").url}${path}`;
    expect((await fetch(at)).status).toBe(404);
    expect(sent()).toBe(0);
    const profile = await get<View>("app.bsky.actor.getProfile", { actor: did });
    expect(profile.avatar).toBe(at);
    const forged = forge(GET_BLOB, () => new Response("not the picture"));
    expect((await fetch(at)).status).toBe(404);
    forged();
    const led = forge(
      GET_BLOB,
      () => new Response(null, { status: 302, headers: { location: "https://10.0.0.7/" } }),
    );
    expect((await fetch(at)).status).toBe(404);
    led();
    const shown = await fetch(at);
    expect([shown.status, shown.headers.get("content-security-policy")]).toEqual([
      200,
      "default-src 'none'; sandbox",
    ]);
    expect(Buffer.from(await shown.arrayBuffer()).equals(png)).toBe(true);
    const blob = await fetch(`${network.host("north").url}/blob/${did}/${data.blob.ref.toString()}`, {
      headers: { range: "bytes=0-3" },
    });
    expect([blob.status, (await blob.arrayBuffer()).byteLength]).toEqual([200, png.length]);
    await network.host("north").admin("com.atproto.admin.updateSubjectStatus", {
      input: { subject: { $type: "com.atproto.admin.defs#repoRef", did }, takedown: { applied: true } },
    });
    expect((await fetch(at)).status).toBe(404);
    expect(await get<View>("app.bsky.actor.getProfile", { actor: did }).catch(({ error }) => error)).toBe(
      "AccountTakedown",
    );
  });
});
