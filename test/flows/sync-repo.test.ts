/** A repo as seen over HTTP by services that copy and check it. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Did } from "@atcute/lexicons";
import { readCar } from "../../src/protocol/car.ts";
import { decodeCommit } from "../../src/protocol/commit.ts";
import { checkRepo } from "../support/account.ts";
import type { Member } from "../support/account-host.ts";
import { asAdmin, bindings, fetchHost, join, xrpc } from "../support/account-host.ts";

const POST = "app.bsky.feed.post";
const SYNC = "com.atproto.sync";
const record = (text: string) => ({ $type: POST, text, createdAt: "2024-06-01T00:00:00.000Z" });
const MISSING = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a";

let alice: Member;
let key: string;
let rkey: string;
beforeAll(async () => {
  alice = await join();
  key = await bindings.ACCOUNT.getByName(alice.did).signingKey();
  const { body } = await create(alice, "one");
  rkey = String(body["uri"]).split("/").at(-1) ?? "";
});

const create = (as: Member, text: string) =>
  xrpc("com.atproto.repo.createRecord", {
    auth: as.auth,
    input: { repo: as.did, collection: POST, record: record(text) },
  });

async function car(
  method: string,
  params: Record<string, string | string[]>,
  auth?: string,
): Promise<Uint8Array> {
  const query = new URLSearchParams(
    Object.entries(params).flatMap(([name, value]) => [value].flat().map((each) => [name, each])),
  );
  const response = await fetchHost(
    `/xrpc/${SYNC}.${method}?${query.toString()}`,
    auth === undefined ? {} : { headers: { authorization: auth } },
  );
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/vnd.ipld.car");
  return new Uint8Array(await response.arrayBuffer());
}

describe("archives", () => {
  test("getRepo is the whole repo, signed", async () => {
    const { records } = await checkRepo(await car("getRepo", { did: alice.did }), alice.did, key);
    expect([...records.values()]).toContainEqual(record("one"));
  });

  test("getRepo since the newest rev holds nothing; since an older one, the news", async () => {
    const { body: latest } = await xrpc(`${SYNC}.getLatestCommit`, { params: { did: alice.did } });
    expect(readCar(await car("getRepo", { did: alice.did, since: String(latest["rev"]) })).blocks.size).toBe(
      0,
    );
    const { body } = await create(alice, "news");
    const { blocks } = readCar(await car("getRepo", { did: alice.did, since: String(latest["rev"]) }));
    expect(blocks.has(String(body["cid"]))).toBe(true);
  });

  test("getRecord proves a record, and that there is none", async () => {
    const there = checkRepoProof(await car("getRecord", { did: alice.did, collection: POST, rkey }));
    expect(there).toBe(true);
    const absent = checkRepoProof(
      await car("getRecord", { did: alice.did, collection: POST, rkey: "3zzzzzzzzzz22" }),
    );
    expect(absent).toBe(false);
  });

  test("getBlocks has no roots", async () => {
    const { body } = await xrpc(`${SYNC}.getLatestCommit`, { params: { did: alice.did } });
    expect(readCar(await car("getBlocks", { did: alice.did, cids: [String(body["cid"])] })).roots).toEqual(
      [],
    );
  });

  test("getBlocks finds what exists, and names what does not", async () => {
    const { body: latest } = await xrpc(`${SYNC}.getLatestCommit`, { params: { did: alice.did } });
    const cid = String(latest["cid"]);
    expect([...readCar(await car("getBlocks", { did: alice.did, cids: [cid] })).blocks.keys()]).toEqual([
      cid,
    ]);
    const { status, body } = await xrpc(`${SYNC}.getBlocks`, {
      params: { did: alice.did, cids: [cid, MISSING] },
    });
    expect([status, body]).toEqual([
      400,
      { error: "InvalidRequest", message: `Could not find cids: ${MISSING}` },
    ]);
  });
});

/** Whether a proof holds the record. */
function checkRepoProof(bytes: Uint8Array): boolean {
  const { roots, blocks } = readCar(bytes);
  const commit = decodeCommit(blocks.get(roots[0] ?? "") ?? new Uint8Array());
  expect(commit.did).toBe(alice.did);
  expect(blocks.has(commit.data)).toBe(true);
  return [...blocks.values()].some((block) => new TextDecoder().decode(block).includes("2024-06-01"));
}

describe("status", () => {
  const methods = ["getRepo", "getLatestCommit", "getBlocks", "getRecord", "listBlobs", "getHead", "getBlob"];
  const params = (did: string) => ({
    did,
    cid: MISSING,
    cids: MISSING,
    collection: POST,
    rkey: "3zzzzzzzzzz22",
  });

  test("of a repo that is not here: RepoNotFound, by every method", async () => {
    const did = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
    for (const method of [...methods, "getRepoStatus"]) {
      const { status, body } = await xrpc(`${SYNC}.${method}`, { params: params(did) });
      expect([method, status, body]).toEqual([
        method,
        400,
        { error: "RepoNotFound", message: `Could not find repo for DID: ${did}` },
      ]);
    }
  });

  test("deactivated: closed to others, open to the owner and the admin", async () => {
    const bob = await join();
    await xrpc("com.atproto.server.deactivateAccount", { auth: bob.auth, input: {} });
    for (const method of methods) {
      expect((await xrpc(`${SYNC}.${method}`, { params: params(bob.did) })).body).toEqual({
        error: "RepoDeactivated",
        message: `Repo has been deactivated: ${bob.did}`,
      });
    }
    expect((await xrpc(`${SYNC}.getLatestCommit`, { auth: bob.auth, params: { did: bob.did } })).status).toBe(
      200,
    );
    expect((await asAdmin(`${SYNC}.getLatestCommit`, { params: { did: bob.did } })).status).toBe(200);
    expect(
      (await xrpc(`${SYNC}.getLatestCommit`, { auth: alice.auth, params: { did: bob.did } })).status,
    ).toBe(400);
    const { body } = await xrpc(`${SYNC}.getRepoStatus`, { params: { did: bob.did } });
    expect(body).toEqual({ did: bob.did, active: false, status: "deactivated" });
  });

  test("taken down: RepoTakendown", async () => {
    const carol = await join();
    const subject = { $type: "com.atproto.admin.defs#repoRef", did: carol.did };
    await asAdmin("com.atproto.admin.updateSubjectStatus", {
      input: { subject, takedown: { applied: true } },
    });
    expect((await xrpc(`${SYNC}.getRepo`, { params: { did: carol.did } })).body).toMatchObject({
      error: "RepoTakendown",
    });
  });

  test("listRepos pages through all repos, with rev and head", async () => {
    const dids: unknown[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await xrpc(`${SYNC}.listRepos`, {
        params: { limit: "2", ...(cursor === undefined ? {} : { cursor }) },
      });
      dids.push(...(body["repos"] as { did: string }[]).map(({ did }) => did));
      cursor = body["cursor"] as string | undefined;
    } while (cursor !== undefined);
    expect(new Set(dids).size).toBe(dids.length);
    expect(dids).toContain(alice.did);
    // The oldest first, as in the reference.
    const [younger, youngest] = [await join(), await join()];
    const { body } = await xrpc(`${SYNC}.listRepos`, { params: { limit: "1000" } });
    const all = (body["repos"] as { did: string }[]).map(({ did }) => did);
    expect(all.slice(-2)).toEqual([younger.did, youngest.did]);
  });

  test.each([
    "abc",
    "1",
    "1::",
    "::did:plc:a",
    "-1::did:plc:a",
    "1::nobody",
    "1e3::did:plc:a",
    "did:plc:abc",
  ])("listRepos from %j is refused by name", async (cursor) => {
    const { status, body } = await xrpc(`${SYNC}.listRepos`, { params: { cursor } });
    expect([status, body]).toEqual([400, { error: "InvalidRequest", message: "Malformed cursor" }]);
  });

  test("getHostStatus knows this host and no other", async () => {
    const { body } = await xrpc(`${SYNC}.getHostStatus`, { params: { hostname: "localhost" } });
    expect(body).toMatchObject({ hostname: "localhost", status: "active" });
    const cut = { TooSlow: 0, Overtaken: 0 };
    expect(body["streams"]).toMatchObject([
      { kind: "repos", replaying: 0, behind: 0, unread: 0, cut },
      { kind: "json", readers: 0, replaying: 0, behind: 0, unread: 0, cut },
    ]);
    expect(
      (await xrpc(`${SYNC}.getHostStatus`, { params: { hostname: "other.example" } })).body,
    ).toMatchObject({ error: "HostNotFound" });
  });
});

test("sixteen writers on one account: none refused, none lost, one chain", async () => {
  const dave = await join();
  const written = await Promise.all(
    Array.from({ length: 16 }, async (_, writer) => {
      const uris: string[] = [];
      for (let i = 0; i < 5; i++) {
        const { status, body } = await create(dave, `${writer}-${i}`);
        expect(status).toBe(200);
        uris.push(String(body["uri"]));
      }
      return uris;
    }),
  );
  const daveKey = await bindings.ACCOUNT.getByName(dave.did as Did).signingKey();
  const { records } = await checkRepo(await car("getRepo", { did: dave.did }), dave.did, daveKey);
  expect([...records.keys()].map((path) => `at://${dave.did}/${path}`).toSorted()).toEqual(
    written.flat().toSorted(),
  );
});

test("a repo moves in by importRepo: another account's, garbage and nothing are refused", async () => {
  const erin = await join();
  const send = (body: BodyInit) =>
    fetchHost("/xrpc/com.atproto.repo.importRepo", {
      method: "POST",
      headers: { authorization: erin.auth, "content-type": "application/vnd.ipld.car" },
      body,
    });
  const own = await car("getRepo", { did: erin.did });
  expect((await send(own)).status).toBe(200);
  for (const body of [await car("getRepo", { did: alice.did }), new Uint8Array([1, 2, 3]), "text"]) {
    const response = await send(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "InvalidRequest" });
  }
});
