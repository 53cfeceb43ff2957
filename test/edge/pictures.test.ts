/** `/img` and `/blob`: what is still shown, and how a browser is told to take it. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Member } from "../support/account-host.ts";
import { asAdmin, fetchHost, join, post, xrpc } from "../support/account-host.ts";

const PNG = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="),
  (char) => char.charCodeAt(0),
);

let member: Member;
let made = 0;
beforeAll(async () => {
  member = await join();
});

async function upload(
  bytes: Uint8Array | string,
  type: string,
  by = member,
): Promise<object & { cid: string }> {
  const response = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
    method: "POST",
    headers: { authorization: by.auth, "content-type": type },
    body:
      typeof bytes === "string"
        ? bytes
        : Uint8Array.from([...bytes, ...new TextEncoder().encode(`${made++}`)]),
  });
  const { blob } = await response.json<{ blob: { ref: { $link: string } } }>();
  return { ...blob, cid: blob.ref.$link };
}

/** Writes a record that refers to a blob. Returns its rkey. */
async function refer({ cid, ...blob }: object & { cid: string }, by = member): Promise<string> {
  const { status, body } = await xrpc("com.atproto.repo.createRecord", {
    auth: by.auth,
    input: { repo: by.did, collection: "com.example.file", record: { $type: "com.example.file", blob } },
  });
  expect([status, cid]).toEqual([200, cid]);
  return String(body.uri).split("/").at(-1) ?? "";
}

const picturePaths = (did: string, cid: string) => [
  `/img/avatar/plain/${did}/${cid}@jpeg`,
  `/img/feed_thumbnail/plain/${did}/${cid}`,
  `/blob/${did}/${cid}`,
];

const statuses = (paths: string[]) => Promise.all(paths.map(async (path) => (await fetchHost(path)).status));

describe("a picture that was shown and kept in the cache", () => {
  async function shown(by: Member) {
    const blob = await upload(PNG, "image/png", by);
    const rkey = await refer(blob, by);
    const paths = picturePaths(by.did, blob.cid);
    // The second time from the cache.
    for (let i = 0; i < 2; i++) expect(await statuses(paths)).toEqual([200, 200, 200]);
    return { blob, rkey, paths };
  }
  const remove = (rkey: string, by: Member) =>
    xrpc("com.atproto.repo.deleteRecord", {
      auth: by.auth,
      input: { repo: by.did, collection: "com.example.file", rkey },
    });

  test("is gone with the last record that refers to it", async () => {
    const { blob, rkey, paths } = await shown(member);
    const other = await refer(blob);
    await remove(rkey, member);
    expect(await statuses(paths)).toEqual([200, 200, 200]);
    await remove(other, member);
    expect(await statuses(paths)).toEqual([404, 404, 404]);
  });

  test("is gone when it is taken down, and back afterwards", async () => {
    const { blob, paths } = await shown(member);
    const subject = { $type: "com.atproto.admin.defs#repoBlobRef", did: member.did, cid: blob.cid };
    for (const applied of [true, false]) {
      await asAdmin("com.atproto.admin.updateSubjectStatus", { input: { subject, takedown: { applied } } });
      expect((await statuses(paths))[0]).toBe(applied ? 404 : 200);
    }
  });

  test("is gone while its account is deactivated, and with its account", async () => {
    const leaving = await join();
    const { paths } = await shown(leaving);
    await post("com.atproto.server.deactivateAccount", { auth: leaving.auth, input: {} });
    expect(await statuses(paths)).toEqual([404, 404, 404]);
    await post("com.atproto.server.activateAccount", { auth: leaving.auth });
    expect(await statuses(paths)).toEqual([200, 200, 200]);
    await asAdmin("com.atproto.admin.deleteAccount", { input: { did: leaving.did } });
    expect(await statuses(paths)).toEqual([404, 404, 404]);
  });

  test("is asked for again by caches that others share, not by a browser", async () => {
    const { paths } = await shown(member);
    for (const path of paths) {
      const caching = (await fetchHost(path)).headers.get("cache-control") ?? "";
      expect(Number(/s-maxage=(\d+)/.exec(caching)?.[1]), path).toBeLessThanOrEqual(300);
      expect(caching).toContain("max-age=31536000");
    }
  });
});

describe("a blob in a browser", () => {
  const SVG = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`;

  test.each([
    ["text/html", "<!doctype html><script>alert(1)</script>", "attachment"],
    ["application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml"/>`, "attachment"],
    ["image/svg+xml", SVG, "attachment"],
    ["text/plain", "words", "attachment"],
    ["application/pdf", "%PDF-1.7", "attachment"],
    ["application/octet-stream", "bytes", "attachment"],
    ["image/png", "not looked at", "inline"],
    ["video/mp4", "not looked at", "inline"],
    ["audio/mpeg", "not looked at", "inline"],
  ])("of type %s is shown or saved", async (type, text, disposition) => {
    const blob = await upload(text, type);
    await refer(blob);
    // The second time from the cache.
    for (let i = 0; i < 2; i++) {
      const { status, headers } = await fetchHost(`/blob/${member.did}/${blob.cid}`);
      expect([status, headers.get("content-disposition")]).toEqual([200, disposition]);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
    }
  });

  test("is read from the cache however its address is written", async () => {
    const blob = await upload(PNG, "image/png");
    await refer(blob);
    const { did } = member;
    const written = [
      `/blob/${did}/${blob.cid}`,
      `/blob/${encodeURIComponent(did)}/${blob.cid}`,
      `/blob/${did}/${blob.cid}?x=1`,
    ];
    expect(await statuses(written)).toEqual([200, 200, 200]);
  });
});

test("the profile's picture of before is gone once there is another", async () => {
  const [one, two] = [await upload(PNG, "image/png"), await upload(PNG, "image/png")];
  for (const { cid, ...avatar } of [one, two]) {
    const record = { $type: "app.bsky.actor.profile", avatar };
    const input = { repo: member.did, collection: record.$type, rkey: "self", record };
    expect((await xrpc("com.atproto.repo.putRecord", { auth: member.auth, input })).status, cid).toBe(200);
    expect(await statuses(picturePaths(member.did, cid))).toEqual([200, 200, 200]);
  }
  expect(await statuses(picturePaths(member.did, one.cid))).toEqual([404, 404, 404]);
});

describe("a part of a blob", () => {
  test.each<[string, number, string | null, string]>([
    ["bytes=0-3", 206, "bytes 0-3/10", "0123"],
    ["bytes=8-", 206, "bytes 8-9/10", "89"],
    ["bytes=-3", 206, "bytes 7-9/10", "789"],
    ["bytes=0-99", 206, "bytes 0-9/10", "0123456789"],
    ["bytes=10-", 416, "bytes */10", ""],
    ["bytes=-0", 416, "bytes */10", ""],
    ["bytes=3-1", 200, null, "0123456789"],
    ["bytes=0-1,4-5", 200, null, "0123456789"],
    ["pages=1-2", 200, null, "0123456789"],
  ])("%s is %i", async (range, status, told, text) => {
    const blob = await upload("0123456789", "video/mp4");
    await refer(blob);
    const response = await fetchHost(`/blob/${member.did}/${blob.cid}`, { headers: { range } });
    expect([response.status, response.headers.get("content-range")]).toEqual([status, told]);
    expect(await response.text()).toBe(text);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    if (status === 206) expect(response.headers.get("content-length")).toBe(String(text.length));
  });

  test("of one that is gone is gone as well", async () => {
    const blob = await upload("gone soon", "video/mp4");
    const headers = { range: "bytes=0-1" };
    expect((await fetchHost(`/blob/${member.did}/${blob.cid}`, { headers })).status).toBe(404);
  });
});
