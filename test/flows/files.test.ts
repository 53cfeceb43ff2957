/**
 * A member's files on a host with an R2 bucket and on one without: the same requests, the same answers. Then the
 * bucket comes, and they move.
 */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { beginMove, moveFiles, readMove } from "../../src/lifecycle/files/move.ts";
import { ring } from "../support/object-access.ts";
import { type Member, asAdmin, bindings, fetchHost, join, xrpc } from "../support/account-host.ts";

const { BLOBS } = bindings;
const MB = 2 ** 20;

const PNG = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="),
  (char) => char.charCodeAt(0),
);

function bytesOf(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * seed + (at >> 9)) & 255;
  return bytes;
}

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex").slice(0, 12);

interface Uploaded {
  blob: { ref: { $link: string }; size: number; mimeType: string };
}

async function upload({ auth }: Member, body: BodyInit, type: string): Promise<Uploaded["blob"]> {
  const response = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
    method: "POST",
    headers: { authorization: auth, "content-type": type },
    body,
  });
  expect(response.status).toBe(200);
  return (await response.json<Uploaded>()).blob;
}

async function refer(member: Member, rkey: string, blob: object): Promise<void> {
  const { status } = await xrpc("com.atproto.repo.putRecord", {
    auth: member.auth,
    input: {
      repo: member.did,
      collection: "com.example.file",
      rkey,
      record: { $type: "com.example.file", blob },
    },
  });
  expect(status).toBe(200);
}

/** What a stranger gets: status, the headers that matter, and the bytes. */
async function got(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<unknown> {
  const response = await fetchHost(path, { method, headers });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const shown = ["content-type", "content-length", "content-range", "etag", "cache-control", "accept-ranges"];
  return [
    response.status,
    ...shown.map((name) => response.headers.get(name)),
    response.ok ? digest(bytes) : new TextDecoder().decode(bytes),
  ];
}

const listed = async (method: string, params: Record<string, string>, auth?: string) =>
  (await xrpc(method, { params, auth })).body;

/** All that can be asked about one file. */
async function askedAbout(did: string, cid: string): Promise<unknown[]> {
  const path = `/xrpc/com.atproto.sync.getBlob?did=${did}&cid=${cid}`;
  const answers = [];
  for (const range of [
    "",
    "bytes=0-3",
    `bytes=${MB - 2}-${MB + 1}`,
    "bytes=-5",
    "bytes=99999999-",
    "bytes=3-1",
  ])
    answers.push(await got(path, range === "" ? {} : { range }));
  answers.push(await got(path, {}, "HEAD"));
  answers.push(await got(path, { "if-none-match": `"${cid}"` }));
  answers.push(await got(`/blob/${did}/${cid}`));
  answers.push(await got(`/blob/${did}/${cid}`, { range: "bytes=1-2" }));
  return answers;
}

/** A life of files, told as what the host answers. The DID is left out. */
async function life(): Promise<string> {
  const member = await join();
  const { did, auth } = member;
  const told: unknown[] = [];
  const large = bytesOf(MB + MB / 2, 13);
  const exact = bytesOf(MB, 17);
  const unknown = new ReadableStream({
    start(controller) {
      for (let at = 0; at < large.length; at += 100_000) controller.enqueue(large.slice(at, at + 100_000));
      controller.close();
    },
  });
  const blobs = [
    await upload(member, PNG, "text/plain"),
    await upload(member, unknown, "application/octet-stream"),
    await upload(member, exact, "application/octet-stream"),
    await upload(member, PNG, "image/png"),
  ];
  told.push(blobs, await listed("com.atproto.sync.listBlobs", { did }));
  const cids = blobs.map(({ ref }) => ref.$link);
  told.push(await got(`/xrpc/com.atproto.sync.getBlob?did=${did}&cid=${cids[0]}`));
  for (const [at, blob] of blobs.entries()) await refer(member, `r${at}`, blob);
  for (const cid of new Set(cids)) told.push(await askedAbout(did, cid));
  told.push(await got(`/img/avatar/plain/${did}/${cids[0]}@jpeg`));
  told.push(await listed("com.atproto.sync.listBlobs", { did }));
  told.push(await listed("com.atproto.repo.listMissingBlobs", {}, auth));
  // A takedown and its end; the last record that refers to it.
  for (const applied of [true, false]) {
    const input = {
      subject: { $type: "com.atproto.admin.defs#repoBlobRef", did, cid: cids[0] },
      takedown: { applied },
    };
    told.push((await asAdmin("com.atproto.admin.updateSubjectStatus", { input })).status);
    told.push(await got(`/xrpc/com.atproto.sync.getBlob?did=${did}&cid=${cids[0]}`));
  }
  await xrpc("com.atproto.repo.deleteRecord", {
    auth,
    input: { repo: did, collection: "com.example.file", rkey: "r1" },
  });
  await ring(did);
  told.push(await got(`/xrpc/com.atproto.sync.getBlob?did=${did}&cid=${cids[1]}`));
  told.push(await listed("com.atproto.sync.listBlobs", { did }));
  // Out of the repo's archive, and in again: files are missing until they are uploaded.
  const car = await (await fetchHost(`/xrpc/com.atproto.sync.getRepo?did=${did}`)).arrayBuffer();
  await fetchHost("/xrpc/com.atproto.repo.importRepo", {
    method: "POST",
    headers: { authorization: auth, "content-type": "application/vnd.ipld.car" },
    body: car,
  }).then(async (response) => told.push([response.status, await response.text()]));
  told.push(await listed("com.atproto.repo.listMissingBlobs", {}, auth));
  await upload(member, large, "application/octet-stream");
  await refer(member, "again", blobs[1] ?? {});
  told.push(await got(`/xrpc/com.atproto.sync.getBlob?did=${did}&cid=${cids[1]}`));
  const { body } = await xrpc("com.atproto.server.checkAccountStatus", { auth });
  told.push([body.expectedBlobs, body.importedBlobs]);
  await asAdmin("com.atproto.admin.deleteAccount", { input: { did } });
  told.push(await got(`/xrpc/com.atproto.sync.getBlob?did=${did}&cid=${cids[0]}`));
  return JSON.stringify(told, null, 1).replaceAll(did, "DID");
}

describe("without a bucket", () => {
  beforeEach(() => {
    Object.assign(bindings, { BLOBS: undefined });
  });
  afterEach(async () => {
    bindings.BLOBS = BLOBS;
    await bindings.DIRECTORY.batch(
      ["file_move", "host_file"].map((table) => bindings.DIRECTORY.prepare(`DELETE FROM ${table}`)),
    );
  });

  test("files have the same life as with one, and nothing gets into R2", async () => {
    const before = (await BLOBS.list()).objects.length;
    const without = await life();
    expect((await BLOBS.list()).objects).toHaveLength(before);
    bindings.BLOBS = BLOBS;
    expect(without).toEqual(await life());
  });

  test("an owner is told that archives need one, and nobody is deleted", async () => {
    const member = await join();
    const { status, body } = await asAdmin("internal.atoll.admin.archiveAccount", {
      input: { did: member.did, days: 3 },
    });
    expect([status, body.error]).toEqual([501, "ArchiveFailed"]);
    expect((await xrpc("com.atproto.server.getSession", { auth: member.auth })).status).toBe(200);
  });

  test("once there is one, the owner moves them, and each is seen all the time", async () => {
    const member = await join();
    const blob = await upload(member, bytesOf(MB + 9, 29), "application/octet-stream");
    await refer(member, "r", blob);
    const path = `/xrpc/com.atproto.sync.getBlob?did=${member.did}&cid=${blob.ref.$link}`;
    const before = await got(path);
    await expect(beginMove(bindings)).rejects.toMatchObject({ error: "InvalidRequest" });
    bindings.BLOBS = BLOBS;
    expect(await got(path)).toEqual(before);
    await moveFiles(bindings);
    expect(await readMove(bindings)).toBeNull();
    await beginMove(bindings);
    let minute = Date.now();
    for (let n = 0; n < 60 && (await readMove(bindings))?.endedAt === null; n++) {
      minute += 60_000;
      const at = minute;
      await Promise.all([
        moveFiles(bindings, () => at),
        got(path).then((seen) => expect(seen).toEqual(before)),
      ]);
    }
    expect(await readMove(bindings)).toMatchObject({ error: null, left: 0 });
    expect((await BLOBS.list({ prefix: `${member.did}/` })).objects).toHaveLength(1);
    expect(await got(path)).toEqual(before);
  });
});
