/** What every answer says about itself: whose it is, and who may keep it. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Member } from "../support/account-host.ts";
import { ADMIN, fetchHost, join, xrpc } from "../support/account-host.ts";

let member: Member;
let other: Member;
beforeAll(async () => {
  [member, other] = [await join(), await join()];
});

const caching = ({ headers }: { headers: Headers }) => [headers.get("cache-control"), headers.get("vary")];

describe("an answer to somebody's credentials", () => {
  test.each([
    ["com.atproto.server.getSession", {}, 200],
    ["app.bsky.actor.getPreferences", {}, 200],
    ["app.bsky.feed.getTimeline", {}, 200],
    ["app.bsky.notification.listNotifications", {}, 200],
    ["app.bsky.actor.getProfile", { actor: "nobody.test" }, 400],
    ["com.atproto.identity.resolveHandle", { handle: "nobody.test" }, 400],
    ["com.example.unknown", {}, 501],
  ])("%s is private, refused or not", async (nsid, params, status) => {
    const reply = await xrpc(nsid, { auth: member.auth, params });
    expect(reply.status).toBe(status);
    expect(caching(reply)).toEqual(["private", "authorization"]);
  });

  test("that is not accepted is private as well, and so is the admin's", async () => {
    const wrong = await xrpc("app.bsky.feed.getTimeline", { auth: "Bearer x" });
    expect([wrong.status, ...caching(wrong)]).toEqual([400, "private", "authorization"]);
    const admins = await xrpc("com.atproto.admin.getAccountInfo", {
      auth: ADMIN,
      params: { did: member.did },
    });
    expect([admins.status, ...caching(admins)]).toEqual([200, "private", "authorization"]);
  });

  test("to a write is private", async () => {
    const record = { $type: "com.example.thing" };
    const reply = await xrpc("com.atproto.repo.createRecord", {
      auth: member.auth,
      input: { repo: member.did, collection: record.$type, record },
    });
    expect([reply.status, ...caching(reply)]).toEqual([200, "private", "authorization"]);
  });
});

test("an anonymous answer is nobody's, but another caller may get another", async () => {
  const reply = await xrpc("app.bsky.actor.getProfile", { params: { actor: member.did } });
  expect([reply.status, ...caching(reply)]).toEqual([200, null, "authorization"]);
});

test("a blob's own rule stands: public for all, for its owner alone while it is hidden", async () => {
  const upload = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
    method: "POST",
    headers: { authorization: member.auth, "content-type": "text/plain" },
    body: "a file",
  });
  const { blob } = await upload.json<{ blob: { ref: { $link: string } } }>();
  const record = { $type: "com.example.file", blob };
  await xrpc("com.atproto.repo.createRecord", {
    auth: member.auth,
    input: { repo: member.did, collection: record.$type, record },
  });
  const params = { did: member.did, cid: blob.ref.$link };
  const read = (auth?: string) => xrpc("com.atproto.sync.getBlob", { auth, params });
  expect(caching(await read())[0]).toMatch(/^public/);
  expect(caching(await read(other.auth))[0]).toMatch(/^public/);
  expect(caching(await read(member.auth))[0]).toBe("private, no-store");
});

describe("a method of permissioned data", () => {
  const methods = [
    "com.atproto.space.getRecord",
    "com.atproto.space.listRepos",
    "com.atproto.simplespace.create",
  ];

  test.each(methods)("%s is not implemented, whoever asks, however, and of whom", async (nsid) => {
    const service = "did:web:elsewhere.example#atproto_pds";
    for (const auth of [undefined, "", "Bearer x", "Basic x", "Nonsense", member.auth, ADMIN]) {
      for (const headers of [{}, { "atproto-proxy": service }, { "atproto-proxy": "nonsense" }]) {
        for (const method of ["GET", "POST"]) {
          const { status, body } = await xrpc(nsid, { auth, headers, method });
          expect([status, body.error]).toEqual([501, "MethodNotImplemented"]);
        }
      }
    }
  });

  test("is told from a method of like name", async () => {
    const { status } = await xrpc("com.atproto.spaces.get", { headers: { "atproto-proxy": "x" } });
    expect(status).not.toBe(501);
  });
});
