/**
 * goat's commands for records, blobs, repos, lexicons and preferences, replayed like those for accounts in
 * `official-goat.test.ts`.
 */
import { verifyRepoCar } from "@atproto/repo";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawPicture } from "../../tools/seed/picture.ts";
import type { TestNetwork } from "../../tools/kit/index.ts";
import type { Admin } from "./goat/admin.ts";
import * as data from "./goat/data.ts";
import type { Goat } from "./goat/goat.ts";
import { ALICE, adminOf, startNetwork, terminal } from "./goat/stage.ts";

let network: TestNetwork;
let goat: Goat;
let admin: Admin;

beforeAll(async () => {
  network = await startNetwork();
  goat = terminal(network);
  admin = adminOf(network, "north");
  await admin.create(ALICE);
  await goat.login(ALICE.handle, ALICE.password);
}, 60_000);
afterAll(() => network.dispose());

const FILE = {
  $type: "app.bsky.feed.post",
  text: "Tides & <boats>, as JSON of a file",
  createdAt: "2026-11-28T12:00:00.5Z",
};

describe("goat record, bsky and lex", () => {
  test("posts, with a second's fraction as Go writes it", async () => {
    for (const at of ["2026-11-28T12:00:00.000Z", "2026-11-28T12:00:01.100Z", "2026-11-28T12:00:02.123Z"]) {
      const made = await data.post(goat, "Low tide", new Date(at));
      expect(made).toMatchObject({ validationStatus: "valid", commit: { rev: expect.any(String) } });
    }
  });

  test("creates, reads, updates and deletes a record", async () => {
    const made = await data.createRecord(goat, JSON.stringify(FILE));
    const rkey = made.uri.split("/").at(-1) ?? "";
    expect(await data.getRecord(goat, made.uri)).toEqual(FILE);
    const changed = { ...FILE, text: "Spring tide" };
    const updated = await data.updateRecord(goat, JSON.stringify(changed), { rkey });
    expect([updated.uri, updated.cid === made.cid]).toEqual([made.uri, false]);
    expect(await data.getRecord(goat, `at://${ALICE.handle}/${FILE.$type}/${rkey}`)).toEqual(changed);
    expect(await data.deleteRecord(goat, FILE.$type, rkey)).not.toBeNull();
    expect(await data.deleteRecord(goat, FILE.$type, rkey)).toBeNull();
    await expect(data.getRecord(goat, made.uri)).rejects.toMatchObject({
      status: 400,
      error: "RecordNotFound",
    });
  });

  test("a record of an unknown lexicon is taken only unvalidated, and one of a known lexicon only valid", async () => {
    const unknown = JSON.stringify({ $type: "com.example.tide.table", heights: [1, 2, 3], note: null });
    await expect(data.createRecord(goat, unknown)).rejects.toMatchObject({ status: 400 });
    const made = await data.createRecord(goat, unknown, { noValidate: true, rkey: "self" });
    expect(made.uri).toContain("/com.example.tide.table/self");
    const wrong = JSON.stringify({ ...FILE, text: 1 });
    await expect(data.createRecord(goat, wrong)).rejects.toMatchObject({ status: 400 });
  });

  test("lists collections and records, page by page", async () => {
    const collection = "com.example.tide.height";
    const writes = Array.from({ length: 105 }, (_, n) => ({
      $type: "com.atproto.repo.applyWrites#create",
      collection,
      value: { ...FILE, $type: collection, text: `${n}` },
    }));
    const body = { repo: goat.saved?.did, validate: false, writes };
    await data.xrpc(goat, "procedure", "com.atproto.repo.applyWrites", { body });
    expect((await data.listCollections(goat, ALICE.handle)).toSorted()).toEqual([
      "app.bsky.feed.post",
      collection,
      "com.example.tide.table",
    ]);
    expect(await data.listRecords(goat, ALICE.handle, collection)).toHaveLength(105);
    expect(await data.listRecords(goat, goat.saved?.did ?? "")).toHaveLength(109);
    expect(await data.listRecords(goat, ALICE.handle, "com.example.nothing")).toEqual([]);
  });

  test("publishes a schema, sees it, and takes it back", async () => {
    const nsid = "com.example.tide.table";
    const key = { type: "record", key: "any", record: { type: "object", properties: {} } };
    const schema = { lexicon: 1, id: nsid, defs: { main: key } };
    const made = await data.publishSchema(goat, nsid, schema);
    const [published] = await data.publishedSchemas(goat, ALICE.handle);
    expect(published).toMatchObject({ uri: made.uri, cid: made.cid, value: schema });
    expect(await data.deleteRecord(goat, "com.atproto.lexicon.schema", nsid)).not.toBeNull();
    expect(await data.deleteRecord(goat, "com.atproto.lexicon.schema", nsid)).toBeNull();
  });

  test("exports and imports preferences", async () => {
    const wanted = [
      { $type: "app.bsky.actor.defs#adultContentPref", enabled: true },
      { $type: "app.bsky.actor.defs#personalDetailsPref", birthDate: "1990-05-04T00:00:00.000Z" },
    ];
    await data.importPreferences(goat, JSON.stringify(wanted));
    const exported = await data.exportPreferences(goat);
    expect(JSON.parse(exported)).toEqual(expect.arrayContaining(wanted));
    // The file contains the age, which the host derives and no client can set.
    await data.importPreferences(goat, exported);
    expect(await data.exportPreferences(goat)).toBe(exported);
  });
});

describe("goat blob and repo", () => {
  const small = drawPicture("a tide table", 40, 40).bytes;
  const text = Buffer.from("No picture at all");
  /** More than the host keeps in memory at once. */
  const large = Buffer.alloc(5_242_880, "tide ");

  test("uploads of any size, in chunks of unknown length, and of any type", async () => {
    const picture = await data.uploadBlob(goat, small);
    expect(picture).toMatchObject({ mimeType: "image/png", size: small.byteLength });
    expect(await data.uploadBlob(goat, text)).toMatchObject({ mimeType: "*/*", size: text.byteLength });
    const { ref: image, ...blob } = picture;
    const refs = [{ $type: "blob", ref: { $link: image }, ...blob }];
    const big = await data.uploadBlob(goat, large);
    refs.push({ $type: "blob", ref: { $link: big.ref }, mimeType: big.mimeType, size: big.size });
    const record = { $type: "com.example.tide.scan", refs };
    await data.createRecord(goat, JSON.stringify(record), { noValidate: true });
    expect((await data.listBlobs(goat, ALICE.handle)).toSorted()).toEqual([image, big.ref].toSorted());
    const exported = await data.exportBlobs(goat, ALICE.handle);
    expect(Buffer.from(exported.get(image) ?? []).equals(Buffer.from(small))).toBe(true);
    expect(large.equals(Buffer.from(exported.get(big.ref) ?? []))).toBe(true);
  }, 60_000);

  test("an empty file is a blob too", async () => {
    expect(await data.uploadBlob(goat, new Uint8Array())).toMatchObject({ mimeType: "*/*", size: 0 });
  });

  test("a blob over the limit is refused by name, though its length was not announced", async () => {
    await expect(data.uploadBlob(goat, Buffer.alloc(5_242_881))).rejects.toMatchObject({
      status: 413,
      error: "PayloadTooLarge",
    });
  }, 60_000);

  test("a blob is purged and given back", async () => {
    const [cid = ""] = await data.listBlobs(goat, ALICE.handle);
    const { did } = await goat.directory.lookup(ALICE.handle);
    expect(await admin.blobStatus(ALICE.handle, cid)).toMatchObject({
      subject: { did, cid },
      takedown: { applied: false },
    });
    expect(await admin.purge(ALICE.handle, cid)).toMatchObject({ takedown: { applied: true } });
    expect(await admin.blobStatus(did, cid)).toMatchObject({ takedown: { applied: true } });
    await expect(data.downloadBlob(goat, did, cid)).rejects.toMatchObject({
      status: 400,
      error: "InvalidRequest",
    });
    await admin.purge(did, cid, { reverse: true });
    expect((await data.downloadBlob(goat, did, cid)).byteLength).toBeGreaterThan(0);
    await expect(data.downloadBlob(goat, did, "bafkreiaaaa")).rejects.toMatchObject({ status: 400 });
  });

  test("the repo's archive is whole, and signed by the account's key", async () => {
    const { did, key } = await goat.directory.lookup(ALICE.handle);
    const car = await data.exportRepo(goat, ALICE.handle);
    const { creates } = await verifyRepoCar(car, did, `did:key:${key}`);
    const listed = await data.listRecords(goat, did);
    expect(creates.map(({ cid }) => cid.toString()).toSorted()).toEqual(
      listed.map(({ cid }) => cid).toSorted(),
    );
  });
});

describe("goat xrpc", () => {
  test("calls any method, by the own host or by way of it", async () => {
    const actor = "alice.north.test";
    const profile = { did: goat.saved?.did, handle: actor };
    const nsid = "app.bsky.actor.getProfile";
    expect(await data.xrpc(goat, "query", nsid, { params: { actor } })).toMatchObject(profile);
    const service = `${network.host("north").did}#bsky_appview`;
    expect(await data.xrpc(goat, "query", nsid, { params: { actor }, service })).toMatchObject(profile);
    expect(
      await data.xrpc(goat, "procedure", "com.atproto.server.createAppPassword", { body: { name: "tide" } }),
    ).toMatchObject({ name: "tide" });
    await expect(data.xrpc(goat, "query", "com.example.nothing")).rejects.toMatchObject({
      status: 501,
      error: "MethodNotImplemented",
    });
  });
});
