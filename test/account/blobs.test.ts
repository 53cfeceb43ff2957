import { describe, expect, test } from "vitest";
import { uploadBlob } from "../../src/xrpc/blobs/upload.ts";
import { byteRange, serveBlob } from "../../src/xrpc/blobs/download.ts";
import { GRACE_MS } from "../../src/account/blobs.ts";
import { cidOfRaw } from "../../src/protocol/cid.ts";
import { archiveOf, streamOf as streamed } from "../support/archive.ts";
import type { LexMap } from "../../src/protocol/data-model.ts";
import { ring, rowsOf, shiftBlobs } from "../support/object-access.ts";
import type { Member } from "../support/account.ts";
import { bindings, newMember, post, refusalOf, settle } from "../support/account.ts";

const POST = "app.bsky.feed.post";
const PNG = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
  (c) => c.charCodeAt(0),
);

const request = (body: BodyInit, type: string | null) => {
  const made = new Request("https://pds.test/", { method: "POST", body });
  if (body instanceof Uint8Array) made.headers.set("content-length", String(body.byteLength));
  if (type === null) made.headers.delete("content-type");
  else made.headers.set("content-type", type);
  return made;
};

const upload = (
  { account, did }: Member,
  body: BodyInit,
  type: string | null = "image/png",
  limit = 100_000_000,
) => uploadBlob(bindings.BLOBS, account, did, request(body, type), limit);

const keysOf = async (did: string) =>
  (await bindings.BLOBS.list({ prefix: `${did}/` })).objects.map(({ key }) => key);

const picture = (blob: object) =>
  post("a picture", { embed: { $type: "app.bsky.embed.images", images: [{ alt: "", image: blob }] } });

/** A picture that nobody else has. */
let made = 0;
const png = () => new Uint8Array([...PNG, ...new TextEncoder().encode(`#${made++}`)]);

describe("uploading", () => {
  test("the bytes' own type beats the one claimed", async () => {
    const member = await newMember();
    const bytes = png();
    const blob = await upload(member, bytes, "text/plain");
    expect(blob).toEqual({
      $type: "blob",
      ref: { $link: cidOfRaw(bytes) },
      mimeType: "image/png",
      size: bytes.length,
    });
    expect((await upload(member, "plain text", "text/plain; charset=utf-8")).mimeType).toBe("text/plain");
  });

  test("refuses a body without a type, and of a taken-down account", async () => {
    const member = await newMember();
    expect(await refusalOf(upload(member, png(), null))).toMatchObject({
      error: "InvalidRequest",
      status: 400,
    });
    await settle(member.account, { takedown: "takendown", takedownRef: "why" });
    expect(await refusalOf(upload(member, png()))).toMatchObject({ error: "AccountTakedown", status: 401 });
    expect(await keysOf(member.did)).toEqual([]);
  });

  test("the same bytes again keep the first upload", async () => {
    const member = await newMember();
    const bytes = png();
    const first = await upload(member, bytes);
    expect(await upload(member, bytes)).toEqual(first);
    expect(await keysOf(member.did)).toHaveLength(1);
  });

  test.each([
    ["small, of unknown length", 10_000, true],
    ["large, of known length", 6_000_000, false],
    ["large, of unknown length", 11_000_000, true],
  ])("streams a body: %s", async (_, size, unknown) => {
    const member = await newMember();
    const bytes = new Uint8Array(size).fill(7);
    bytes[size - 1] = made++;
    const body = unknown ? streamOf(bytes) : bytes;
    const blob = await upload(member, body, "application/octet-stream");
    expect(blob).toMatchObject({ size, ref: { $link: cidOfRaw(bytes) } });
    const [key = ""] = await keysOf(member.did);
    const stored = new Uint8Array((await (await bindings.BLOBS.get(key))?.arrayBuffer()) ?? []);
    expect(cidOfRaw(stored)).toBe(cidOfRaw(bytes));
  });

  test.each([
    ["announced", false],
    ["found out", true],
  ])("refuses too large a body, %s, and leaves nothing", async (_, unknown) => {
    const member = await newMember();
    const bytes = new Uint8Array(6_000_000);
    const body = unknown ? streamOf(bytes) : bytes;
    const refusal = await refusalOf(upload(member, body, "application/octet-stream", 5_500_000));
    expect(refusal).toMatchObject({ error: "PayloadTooLarge", status: 413 });
    expect(await keysOf(member.did)).toEqual([]);
  });
});

describe("a blob's life", () => {
  test("temporary, kept by a record, removed with its last one", async () => {
    const member = await newMember();
    const { account, did } = member;
    const blob = await upload(member, png());
    const cid = (blob.ref as { $link: string }).$link;
    expect(await account.listBlobs("public", { limit: 10 })).toEqual([]);
    expect(await refusalOf(account.getBlob("public", cid))).toMatchObject({ message: "Blob not found" });
    const one = await account.createRecord({ collection: POST, record: picture(blob) });
    const two = await account.createRecord({ collection: POST, record: picture(blob) });
    expect(await account.listBlobs("public", { limit: 10 })).toEqual([cid]);
    const rkeys = [one, two].map(({ uri }) => uri.split("/").at(-1) ?? "");
    await account.deleteRecord({ collection: POST, rkey: rkeys[0] ?? "" });
    expect(await account.getBlob("public", cid)).toHaveProperty("key");
    await account.putRecord({ collection: POST, rkey: rkeys[1] ?? "", record: post("without") });
    expect(await refusalOf(account.getBlob("public", cid))).toMatchObject({ message: "Blob not found" });
    expect(await keysOf(did)).toHaveLength(1);
    await ring(did);
    expect(await keysOf(did)).toEqual([]);
    expect(await rowsOf(did, "SELECT * FROM trash")).toEqual([]);
  });

  test("moved from one record to another in one commit, it stays", async () => {
    const member = await newMember();
    const { account } = member;
    const blob = await upload(member, png());
    const { uri } = await account.createRecord({ collection: POST, record: picture(blob) });
    await account.applyWrites({
      writes: [
        { action: "delete", collection: POST, rkey: uri.split("/").at(-1) ?? "" },
        { action: "create", collection: POST, value: picture(blob) },
      ],
    });
    expect(await account.listBlobs("public", { limit: 10 })).toHaveLength(1);
    expect((await account.counts()).importedBlobs).toBe(1);
  });

  test("a reference must be to an upload, of its type and size; a refused write changes nothing", async () => {
    const member = await newMember();
    const { account } = member;
    const blob = await upload(member, png());
    const head = await account.getLatestCommit("public");
    const write = (image: object) => account.createRecord({ collection: POST, record: picture(image) });
    const other = { ...blob, ref: { $link: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy" } };
    expect(await refusalOf(write(other))).toMatchObject({
      error: "BlobNotFound",
      message: "Could not find blob: bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
    });
    expect(await refusalOf(write({ ...blob, mimeType: "image/jpeg" }))).toMatchObject({
      error: "InvalidMimeType",
    });
    expect(await refusalOf(write({ ...blob, size: 1 }))).toMatchObject({ error: "InvalidSize" });
    expect(await account.getLatestCommit("public")).toEqual(head);
    expect(await rowsOf(member.did, "SELECT * FROM blob_ref")).toEqual([]);
  });

  test("what nothing refers to is collected after its grace, with strays that no row knows", async () => {
    const member = await newMember();
    const { account, did } = member;
    const kept = await upload(member, png());
    await account.createRecord({ collection: POST, record: picture(kept) });
    await upload(member, png());
    await ring(did);
    expect(await keysOf(did)).toHaveLength(2);
    await shiftBlobs(did, GRACE_MS + 1000);
    await ring(did);
    expect(await keysOf(did)).toHaveLength(1);
    expect(await rowsOf(did, "SELECT sweep_at FROM account")).toEqual([{ sweep_at: null }]);
  });

  const PROFILE = { collection: "app.bsky.actor.profile", rkey: "self" };
  const lost = { $link: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy" };
  const typed = { $type: "blob", ref: lost, mimeType: "image/jpeg", size: 1234 };

  test.each<[string, LexMap, LexMap]>([
    ["typed", typed, typed],
    ["of before references were typed", { cid: lost.$link, mimeType: "image/jpeg" }, { ...typed, size: 0 }],
    ["of unknown size", { ...typed, size: -1 }, { ...typed, size: 0 }],
  ])(
    "lost in a move, a picture (%s) does not keep its profile from being edited",
    async (_, avatar, after) => {
      const { account, did } = await newMember();
      const profile = { $type: PROFILE.collection, displayName: "Early", avatar };
      await account.importRepo(streamed(archiveOf(did, { "app.bsky.actor.profile/self": profile })));
      const was = await account.getRecord(PROFILE.collection, PROFILE.rkey);
      expect(was?.value).toEqual(profile);
      await account.putRecord({
        ...PROFILE,
        record: { ...was?.value, description: "new" },
        swapRecord: was?.cid,
      });
      const now = await account.getRecord(PROFILE.collection, PROFILE.rkey);
      expect(now?.value).toEqual({ ...profile, description: "new", avatar: after });
      expect(await account.listMissingBlobs({ limit: 10 })).toMatchObject([{ cid: lost.$link }]);
      const update = {
        action: "update",
        ...PROFILE,
        value: { ...was?.value, description: "newer" },
      } as const;
      await account.applyWrites({ writes: [update] });
      await account.applyWrites({
        writes: [
          { action: "delete", ...PROFILE },
          { ...update, action: "create", value: now?.value ?? {} },
        ],
      });
      // Elsewhere, it is a new claim.
      const claim = account.createRecord({ collection: POST, record: picture(typed) });
      expect((await refusalOf(claim)).error).toBe("BlobNotFound");
      await account.deleteRecord(PROFILE);
      const again = account.putRecord({ ...PROFILE, record: now?.value ?? {} });
      expect((await refusalOf(again)).error).toBe("BlobNotFound");
    },
  );

  test("lost in a move, a picture does not keep a list from being edited", async () => {
    const { account, did } = await newMember();
    const list = {
      $type: "app.bsky.graph.list",
      name: "old",
      purpose: "app.bsky.graph.defs#curatelist",
      createdAt: "2023-06-01T00:00:00.000Z",
      avatar: typed,
    };
    const at = { collection: "app.bsky.graph.list", rkey: "3jaaaaaaaaa2a" };
    await account.importRepo(streamed(archiveOf(did, { "app.bsky.graph.list/3jaaaaaaaaa2a": list })));
    await account.putRecord({ ...at, record: { ...list, name: "new" } });
    expect((await account.getRecord(at.collection, at.rkey))?.value["name"]).toBe("new");
  });

  test("taken down, it is not found, not referred to again, not uploaded again", async () => {
    const member = await newMember();
    const { account } = member;
    const bytes = png();
    const blob = await upload(member, bytes);
    const cid = cidOfRaw(bytes);
    await account.takedownBlob(cid, "why");
    expect(await account.blobTakedown(cid)).toEqual({ applied: true, ref: "why" });
    expect((await refusalOf(account.getBlob("public", cid))).message).toBe("Blob not found");
    expect((await refusalOf(upload(member, bytes))).message).toMatch(/takendown/);
    expect((await refusalOf(account.createRecord({ collection: POST, record: picture(blob) }))).error).toBe(
      "BlobNotFound",
    );
    await account.takedownBlob(cid, null);
    expect(await account.createRecord({ collection: POST, record: picture(blob) })).toHaveProperty("commit");
  });
});

describe("serving", () => {
  test.each([
    ["bytes=0-3", { offset: 0, length: 4 }],
    ["bytes=4-", { offset: 4, length: 6 }],
    ["bytes=-3", { offset: 7, length: 3 }],
    ["bytes=-30", { offset: 0, length: 10 }],
    ["bytes=8-20", { offset: 8, length: 2 }],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=3-1", null],
    ["bytes=0-1,3-4", null],
    ["items=0-1", null],
    [null, null],
  ])("of ten bytes, range %s", (header, expected) => {
    expect(byteRange(header, 10)).toEqual(expected);
  });

  test("whole, in part, unchanged, and not at all; always with what keeps a browser from running it", async () => {
    const member = await newMember();
    const bytes = png();
    await member.account.createRecord({ collection: POST, record: picture(await upload(member, bytes)) });
    const cid = cidOfRaw(bytes);
    const location = await member.account.getBlob("public", cid);
    const serve = (headers: Record<string, string>) =>
      serveBlob(bindings.BLOBS, cid, location, new Request("https://pds.test/", { headers }), "public");
    const whole = await serve({});
    expect(whole.status).toBe(200);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      "content-type": "image/png",
      "x-content-type-options": "nosniff",
      "content-disposition": `attachment; filename="${cid}"`,
      "content-security-policy": "default-src 'none'; sandbox",
      "cache-control": "public, max-age=31536000, s-maxage=300, immutable",
      etag: `"${cid}"`,
    });
    expect(new Uint8Array(await whole.arrayBuffer())).toEqual(bytes);
    const part = await serve({ range: "bytes=1-3" });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 1-3/${bytes.length}`);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(1, 4));
    expect((await serve({ range: "bytes=9999-" })).status).toBe(416);
    expect((await serve({ "if-none-match": `"${cid}"` })).status).toBe(304);
  });
});

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, (at += 100_000)));
    },
  });
}
