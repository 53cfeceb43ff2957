/** Writes and reads records and blobs as an app does, over HTTP. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Member } from "../support/account-host.ts";
import { ORIGIN, asAdmin, fetchHost, join, xrpc } from "../support/account-host.ts";

const POST = "app.bsky.feed.post";
const REPO = "com.atproto.repo";
const record = (text: string, more: object = {}) => ({
  $type: POST,
  text,
  createdAt: "2024-06-01T00:00:00.000Z",
  ...more,
});

let alice: Member;
let bob: Member;
beforeAll(async () => {
  [alice, bob] = await Promise.all([join(), join()]);
});

const create = (as: Member, input: object, auth: string | undefined = as.auth) =>
  xrpc(`${REPO}.createRecord`, { auth, input: { repo: as.did, collection: POST, ...input } });

describe("who may write", () => {
  test("the owner, by DID or by handle", async () => {
    expect((await create(alice, { record: record("by DID") })).status).toBe(200);
    expect((await create(alice, { repo: alice.handle, record: record("by handle") })).status).toBe(200);
  });

  test.each([
    ["nobody", () => create(alice, { record: record("x") }, undefined), 401, "AuthMissing"],
    ["somebody else", () => create(alice, { record: record("x") }, bob.auth), 401, "AuthenticationRequired"],
    [
      "for a repo that is not here",
      () => create(alice, { repo: "nobody.test", record: record("x") }),
      403,
      "AccountNotFound",
    ],
    [
      "for a DID that is not here",
      () => create(alice, { repo: "did:plc:nobody", record: record("x") }),
      403,
      "AccountNotFound",
    ],
    [
      "with an unknown token",
      () => create(alice, { record: record("x") }, "Bearer nonsense"),
      400,
      "InvalidToken",
    ],
  ])("not %s", async (_, write, status, error) => {
    // Without a token, `auth` must be absent, not the default.
    const reply =
      error === "AuthMissing"
        ? await xrpc(`${REPO}.createRecord`, {
            input: { repo: alice.did, collection: POST, record: record("x") },
          })
        : await write();
    expect(reply).toMatchObject({ status, body: { error } });
  });

  test("not a deactivated account, until it is back; nor one that is taken down", async () => {
    const carol = await join();
    const { body } = await create(carol, { record: record("before") });
    const rkey = String(body["uri"]).split("/").at(-1) ?? "";
    const read = () => xrpc(`${REPO}.getRecord`, { params: { repo: carol.did, collection: POST, rkey } });
    await xrpc("com.atproto.server.deactivateAccount", { auth: carol.auth, input: {} });
    expect(await create(carol, { record: record("x") })).toMatchObject({
      status: 401,
      body: { error: "AccountDeactivated" },
    });
    expect(await read()).toMatchObject({
      status: 400,
      body: { error: "InvalidRequest", message: `Could not find repo: ${carol.did}` },
    });
    await xrpc("com.atproto.server.activateAccount", { auth: carol.auth, method: "POST" });
    expect((await create(carol, { record: record("after") })).status).toBe(200);
    const subject = { $type: "com.atproto.admin.defs#repoRef", did: carol.did };
    await asAdmin("com.atproto.admin.updateSubjectStatus", {
      input: { subject, takedown: { applied: true } },
    });
    expect(await create(carol, { record: record("x") })).toMatchObject({
      status: 401,
      body: { error: "AccountTakedown" },
    });
    expect((await read()).status).toBe(400);
  });
});

describe("bad input", () => {
  const raw = (body: BodyInit, type = "application/json") =>
    fetchHost(`/xrpc/${REPO}.createRecord`, {
      method: "POST",
      headers: { authorization: alice.auth, "content-type": type },
      body,
    });

  test.each([
    ["no JSON", "{", 400, "InvalidRequest"],
    ["another type of body", "a=b", 400, "InvalidRequest"],
    ["a body that is no object", "[]", 400, "InvalidRequest"],
    ["deep nesting", `${"[".repeat(5000)}${"]".repeat(5000)}`, 400, "InvalidRequest"],
    ["a megabyte too many", JSON.stringify({ x: "x".repeat(1_100_000) }), 413, "PayloadTooLarge"],
  ])("%s", async (name, body, status, error) => {
    const response = await raw(
      body,
      name.startsWith("another") ? "application/x-www-form-urlencoded" : undefined,
    );
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: expect.stringContaining(error) as string });
  });

  test.each([
    [{ collection: "nope", record: record("x") }],
    [{ rkey: "a/b", record: record("x") }],
    [{ rkey: "", record: record("x") }],
    [{ record: "text" }],
    [{ record: null }],
    [{ record: record("x"), validate: "yes" }],
    [{ record: record("x"), swapCommit: "nope" }],
    [{ repo: "not a repo", record: record("x") }],
    [{}],
  ])("%j", async (input) => {
    expect(await create(alice, input)).toMatchObject({ status: 400, body: { error: "InvalidRequest" } });
  });

  test("a taken rkey is 409, never 500", async () => {
    const input = { rkey: "3kn2222222222", record: record("x") };
    expect((await create(alice, input)).status).toBe(200);
    expect(await create(alice, input)).toMatchObject({ status: 409, body: { error: "RecordAlreadyExists" } });
  });
});

describe("reading", () => {
  test("a record by handle, by version, and one that is not there", async () => {
    const { body } = await create(alice, { record: record("read me") });
    const rkey = String(body["uri"]).split("/").at(-1) ?? "";
    const get = (params: Record<string, string>) =>
      xrpc(`${REPO}.getRecord`, { params: { repo: alice.handle, collection: POST, rkey, ...params } });
    expect((await get({})).body).toEqual({ uri: body["uri"], cid: body["cid"], value: record("read me") });
    expect((await get({ cid: String(body["cid"]) })).status).toBe(200);
    const other = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a";
    expect(await get({ cid: other })).toMatchObject({ status: 400, body: { error: "RecordNotFound" } });
    expect((await get({ rkey: "3zzzzzzzzzz22" })).body).toEqual({
      error: "RecordNotFound",
      message: `Could not locate record: at://${alice.did}/${POST}/3zzzzzzzzzz22`,
    });
    expect((await get({ repo: "nobody.test" })).body).toEqual({
      error: "InvalidRequest",
      message: "Could not find repo: nobody.test",
    });
  });

  test("lists newest first, pages by cursor, and turns round", async () => {
    const dave = await join();
    const writes = ["a", "b", "c", "d", "e"].map((text) => ({
      $type: `${REPO}.applyWrites#create`,
      collection: POST,
      value: record(text),
    }));
    const { body } = await xrpc(`${REPO}.applyWrites`, {
      auth: dave.auth,
      input: { repo: dave.did, writes },
    });
    expect(body["results"]).toHaveLength(5);
    const list = async (params: Record<string, string>) => {
      const reply = await xrpc(`${REPO}.listRecords`, {
        params: { repo: dave.did, collection: POST, ...params },
      });
      const records = reply.body["records"] as { value: { text: string } }[];
      return { texts: records.map(({ value }) => value.text).join(""), cursor: String(reply.body["cursor"]) };
    };
    expect((await list({})).texts).toBe("edcba");
    expect((await list({ reverse: "true" })).texts).toBe("abcde");
    const first = await list({ limit: "2" });
    expect(first.texts).toBe("ed");
    expect((await list({ limit: "2", cursor: first.cursor })).texts).toBe("cb");
  });

  test("describes the repo, with its document", async () => {
    const { body } = await xrpc(`${REPO}.describeRepo`, { params: { repo: alice.handle } });
    expect(body).toMatchObject({
      did: alice.did,
      handle: alice.handle,
      handleIsCorrect: true,
      didDoc: { id: alice.did },
    });
    expect(body["collections"]).toEqual([POST]);
  });

  test("a taken-down record is not found, and comes back", async () => {
    const { body } = await create(alice, { record: record("contested") });
    const uri = String(body["uri"]);
    const read = async () =>
      (
        await xrpc(`${REPO}.getRecord`, {
          params: { repo: alice.did, collection: POST, rkey: uri.split("/").at(-1) ?? "" },
        })
      ).status;
    const subject = { $type: "com.atproto.repo.strongRef", uri, cid: body["cid"] };
    await asAdmin("com.atproto.admin.updateSubjectStatus", {
      input: { subject, takedown: { applied: true } },
    });
    expect(await read()).toBe(400);
    await asAdmin("com.atproto.admin.updateSubjectStatus", {
      input: { subject, takedown: { applied: false } },
    });
    expect(await read()).toBe(200);
  });
});

describe("blobs", () => {
  const upload = (body: BodyInit, headers: Record<string, string>) =>
    fetchHost(`/xrpc/${REPO}.uploadBlob`, {
      method: "POST",
      headers: { authorization: alice.auth, ...headers },
      body,
    });

  test("a picture goes up, into a post, and down again", async () => {
    const png = Uint8Array.from(
      atob(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      ),
      (c) => c.charCodeAt(0),
    );
    const response = await upload(png, { "content-type": "image/png" });
    const { blob } = await response.json<{ blob: { ref: { $link: string }; size: number } }>();
    expect(blob).toMatchObject({ $type: "blob", mimeType: "image/png", size: png.length });
    const embed = { $type: "app.bsky.embed.images", images: [{ alt: "", image: blob }] };
    expect((await create(alice, { record: record("look", { embed }) })).status).toBe(200);
    const path = `/xrpc/com.atproto.sync.getBlob?did=${alice.did}&cid=${blob.ref.$link}`;
    const down = await fetchHost(path);
    expect(down.headers.get("content-type")).toBe("image/png");
    expect(down.headers.get("x-content-type-options")).toBe("nosniff");
    expect(new Uint8Array(await down.arrayBuffer())).toEqual(png);
    const part = await fetchHost(path, { headers: { range: "bytes=0-7" } });
    expect(part.status).toBe(206);
    expect((await part.arrayBuffer()).byteLength).toBe(8);
    const { body } = await xrpc("com.atproto.sync.listBlobs", { params: { did: alice.did } });
    expect(body["cids"]).toContain(blob.ref.$link);
  });

  test("an upload needs a type", async () => {
    const request = new Request(`${ORIGIN}/xrpc/${REPO}.uploadBlob`, {
      method: "POST",
      headers: { authorization: alice.auth },
      body: new Uint8Array(3),
    });
    const response = await fetchHost(request.url, request);
    expect(response.status).toBe(400);
  });
});

test("a write says what rows it cost, to whoever asks in a local run", async () => {
  const { headers } = await xrpc(`${REPO}.createRecord`, {
    auth: alice.auth,
    headers: { "atoll-cost": "1" },
    input: { repo: alice.did, collection: POST, record: record("priced") },
  });
  expect(headers.get("atoll-cost")).toMatch(/account=\d+\/\d+/);
});
