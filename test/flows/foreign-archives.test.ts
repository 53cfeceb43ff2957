/** People move in with archives that hold what other hosts accepted once. */
import { Buffer } from "node:buffer";
import { beforeAll, describe, expect, test } from "vitest";
import { readCar, writeCar } from "../../src/protocol/car.ts";
import { encode } from "../../src/protocol/cbor.ts";
import { cidFromBytes, cidOfCbor } from "../../src/protocol/cid.ts";
import { verifyCommit } from "../support/commit.ts";
import { readMst } from "../../src/protocol/mst/build.ts";
import { must } from "../../src/protocol/refusal.ts";
import { type ArchivedRecords, archiveOf } from "../support/archive.ts";
import { Person, type View } from "../support/appview-host.ts";
import { bindings, fetchHost } from "../support/account-host.ts";
import { Visitor } from "../support/visitor.ts";

const POST = "app.bsky.feed.post";
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const post = (text: string) => ({ $type: POST, text, createdAt: "2023-05-01T00:00:00.000Z" });
/** DAG-CBOR of a post with one more field, `zz`, whose value is given in hex. */
const postWith = (value: string): Uint8Array => {
  const bytes = encode({ ...post("odd"), zzzzzzzzzzzzzzzzzzzzzz: 0 });
  return Uint8Array.of(...bytes.subarray(0, -1), ...hex(value));
};

const ODD: Record<string, [block: Uint8Array, shown: object]> = {
  "com.example.n/float": [hex("a1 61 76 fb 404a400000000000"), { v: 52.5 }],
  "com.example.n/huge": [hex("a1 61 76 1b 1000000000000000"), { v: 2 ** 60 }],
  "com.example.n/negative": [hex("a1 61 76 3b 001fffffffffffff"), { v: -(2 ** 53) }],
  "com.example.n/undefined": [hex("a1 61 76 f7"), { v: null }],
  "com.example.n/unordered": [hex("a2 62 6262 01 61 61 02"), { bb: 1, a: 2 }],
  "com.example.n/surrogate": [hex("a1 61 76 63 eda080"), { v: "\ufffd\ufffd\ufffd" }],
  "com.example.n/deep": [hex(`a1 61 76 ${"81".repeat(200)} 01`), { v: expect.any(Array) }],
  [`${POST}/3jaaaaaaaaa2a`]: [postWith("f9 3e00"), expect.objectContaining({ text: "odd" })],
  [`${POST}/3jaaaaaaaaa2b`]: [postWith("f7"), expect.objectContaining({ text: "odd" })],
  ["app.bsky.graph.follow/3jaaaaaaaaa2a"]: [
    hex(
      `a2 67 7375626a656374 78 20 ${Buffer.from("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa").toString("hex")} 61 76 f7`,
    ),
    { subject: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", v: null },
  ],
};
const odd: ArchivedRecords = Object.fromEntries(Object.entries(ODD).map(([path, [block]]) => [path, block]));
const REGULAR = `${POST}/3jzzzzzzzzz2a`;

async function importRepo(person: Person, car: Uint8Array, headers: Record<string, string> = {}) {
  const response = await fetchHost("/xrpc/com.atproto.repo.importRepo", {
    method: "POST",
    headers: { authorization: person.member.auth, "content-type": "application/vnd.ipld.car", ...headers },
    body: car,
  });
  const text = await response.text();
  return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as View };
}

const exported = async (did: string) => {
  const response = await fetchHost(`/xrpc/com.atproto.sync.getRepo?did=${did}`);
  return readCar(new Uint8Array(await response.arrayBuffer()));
};

describe("an archive with records that are not of the data model", () => {
  let ann: Person;
  let answer: View;
  beforeAll(async () => {
    ann = await Person.join(`odd${Math.floor(Math.random() * 1e6)}`);
    const car = archiveOf(ann.member.did, { ...odd, [REGULAR]: post("regular") });
    answer = await importRepo(ann, car);
  });
  const uriOf = (path: string) => `at://${ann.did}/${path}`;

  test("comes in, and the answer says which", () => {
    expect(answer.status).toBe(200);
    const { count, records } = answer.body.irregular;
    expect(count).toBe(Object.keys(ODD).length);
    expect(Object.fromEntries(records.map(({ uri, cid }: View) => [uri, cid]))).toEqual(
      Object.fromEntries(Object.entries(ODD).map(([path, [block]]) => [uriOf(path), cidOfCbor(block)])),
    );
    for (const { reason } of records) expect(reason).toMatch(/fraction|2\^53|undefined|order|broken|levels/);
  });

  test("an archive without such records has an empty answer", async () => {
    const bob = await Person.join(`even${Math.floor(Math.random() * 1e6)}`);
    const response = await fetchHost("/xrpc/com.atproto.repo.importRepo", {
      method: "POST",
      headers: { authorization: bob.member.auth, "content-type": "application/vnd.ipld.car" },
      body: archiveOf(bob.member.did, { [REGULAR]: post("regular") }),
    });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  test.each(Object.entries(ODD))("%s is read as well as it can be shown", async (path, [block, shown]) => {
    const [collection = "", rkey = ""] = path.split("/");
    const read = await ann.get("com.atproto.repo.getRecord", { repo: ann.did, collection, rkey });
    expect(read).toEqual({ uri: uriOf(path), cid: cidOfCbor(block), value: shown });
    const { records } = await ann.get("com.atproto.repo.listRecords", { repo: ann.did, collection });
    expect(records).toContainEqual(read);
    const proof = await fetchHost(
      `/xrpc/com.atproto.sync.getRecord?did=${ann.did}&collection=${collection}&rkey=${rkey}`,
    );
    const { blocks } = readCar(new Uint8Array(await proof.arrayBuffer()));
    expect(blocks.get(read.cid)).toEqual(block);
  });

  test("goes out as it came in, block by block", async () => {
    const { roots, blocks } = await exported(ann.did);
    const key = await bindings.ACCOUNT.getByName(ann.did).signingKey();
    const commit = await verifyCommit(must(blocks.get(roots[0] ?? ""), "commit"), ann.did, key);
    const out = new Map<string, Uint8Array | undefined>();
    for (const [path, cid] of readMst(commit.data, (each) => blocks.get(each)))
      out.set(path, blocks.get(cidFromBytes(cid)));
    expect(out.delete(REGULAR)).toBe(true);
    expect(Object.fromEntries(out)).toEqual(odd);
    // And in again, here or elsewhere.
    const again = writeCar(
      roots,
      [...blocks].map(([cid, bytes]) => ({ cid, bytes })),
    );
    expect((await importRepo(ann, again)).body.irregular.count).toBe(Object.keys(ODD).length);
  });

  test("shows what is regular in the index, and only that", async () => {
    const feed = () => ann.get("app.bsky.feed.getAuthorFeed", { actor: ann.did });
    await expect
      .poll(async () => (await feed()).feed.map(({ post: { uri } }: View) => uri))
      .toEqual([uriOf(REGULAR)]);
    expect(await ann.get("app.bsky.actor.getProfile", { actor: ann.did })).toMatchObject({
      postsCount: 1,
      followsCount: 0,
    });
  });

  test("counts in checkAccountStatus, blobs and collections", async () => {
    const status = await ann.get("com.atproto.server.checkAccountStatus");
    expect(status).toMatchObject({ indexedRecords: Object.keys(ODD).length + 1, expectedBlobs: 0 });
    const { collections } = await ann.get("com.atproto.repo.describeRepo", { repo: ann.did });
    expect(collections).toEqual(["app.bsky.feed.post", "app.bsky.graph.follow", "com.example.n"]);
  });

  test("is named on the account page, until its owner mends it", async () => {
    const visitor = new Visitor();
    await visitor.signIn(ann.member.handle, ann.member.password);
    const overview = await visitor.get("/account", {
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    });
    expect(overview.text).toContain("10 records of your move");
    const shown = await visitor.get("/account/irregular", {
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    });
    for (const path of Object.keys(ODD)) expect(shown.text).toContain(path);
    expect(shown.text).toContain("a number with a fraction");
    const at = { repo: ann.did, collection: "com.example.n" };
    await ann.do("com.atproto.repo.deleteRecord", { ...at, rkey: "float" });
    await ann.do("com.atproto.repo.putRecord", { ...at, rkey: "huge", record: { v: "1152921504606846976" } });
    expect((await visitor.get("/account/irregular")).text).not.toMatch(/n\/(float|huge)/);
    expect((await bindings.ACCOUNT.getByName(ann.did).irregularRecords()).count).toBe(8);
  });

  test("leaves writing as strict as ever, and possible", async () => {
    const write = { repo: ann.did, collection: "com.example.n", record: { v: 1.5 } };
    expect(await ann.refused("com.atproto.repo.createRecord", { input: write })).toMatch(
      /^400 InvalidRequest.*float/,
    );
    await ann.write(POST, { text: "after the move" });
    // A second follow of one subject takes the place of the first, which the index does not show.
    await ann.write("app.bsky.graph.follow", { subject: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa" });
    const follows = await ann.get("com.atproto.repo.listRecords", {
      repo: ann.did,
      collection: "app.bsky.graph.follow",
    });
    expect(follows.records).toHaveLength(1);
  });
});

describe("an archive that no host ever wrote is refused, and changes nothing:", () => {
  test.each<[string, ArchivedRecords, RegExp]>([
    [
      "a record that is no CBOR",
      { "com.example.n/a": hex("a1 61 76 1b") },
      /Could not parse record at 'com.example.n\/a'/,
    ],
    [
      "a record that is a list",
      { "com.example.n/a": hex("81 01") },
      /Could not parse record at 'com.example.n\/a'/,
    ],
    ["a record that is a float", { "com.example.n/a": hex("f9 3e00") }, /Could not parse record/],
  ])("%s", async (_, records, message) => {
    const eve = await Person.join(`bad${Math.floor(Math.random() * 1e6)}`);
    const before = await bindings.ACCOUNT.getByName(eve.did).getLatestCommit("public");
    const { status, body } = await importRepo(eve, archiveOf(eve.member.did, records));
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: "InvalidRequest", message: expect.stringMatching(message) });
    expect(await bindings.ACCOUNT.getByName(eve.did).getLatestCommit("public")).toEqual(before);
  });
});
