/** Each place that reads a body reads it under its own limit, whatever is sent: no length, or packed. */
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import type { Member } from "../support/account-host.ts";
import { ORIGIN, fetchHost, join } from "../support/account-host.ts";

const CHUNK = 10_000;
/** What the streams of the runtime read ahead. */
const AHEAD = 20 * CHUNK;

let member: Member;
beforeAll(async () => {
  member = await join();
});

/** A body of 30 MB that announces no length, and how much of it was taken. */
function endless(letter = "a") {
  const taken = { bytes: 0 };
  const chunk = new TextEncoder().encode(letter.repeat(CHUNK));
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (taken.bytes >= 30_000_000) return controller.close();
        taken.bytes += CHUNK;
        controller.enqueue(chunk.slice());
      },
    },
    { highWaterMark: 0 },
  );
  return { body, taken };
}

const json = { "content-type": "application/json" };
const form = { "content-type": "application/x-www-form-urlencoded" };
const own = { origin: ORIGIN, "sec-fetch-site": "same-origin" };

interface Reader {
  path: string;
  headers: Record<string, string>;
  limit: number;
  isMembers?: true;
  status: number;
  said: RegExp;
}

const tooLarge = { status: 413, said: /"PayloadTooLargeError"/ };

const READERS: Reader[] = [
  { path: "/xrpc/com.atproto.server.createSession", headers: json, limit: 150 * 1024, ...tooLarge },
  {
    path: "/xrpc/com.atproto.repo.createRecord",
    headers: json,
    limit: 1_000_000,
    isMembers: true,
    ...tooLarge,
  },
  // Takes no input.
  {
    path: "/xrpc/com.atproto.server.requestEmailConfirmation",
    headers: json,
    limit: 1024,
    isMembers: true,
    ...tooLarge,
  },
  {
    path: "/xrpc/com.atproto.repo.importRepo",
    headers: { "content-type": "application/vnd.ipld.car" },
    limit: 4096,
    isMembers: true,
    status: 400,
    said: /Invalid C/,
  },
  ...["par", "token", "revoke"].map((name) => ({
    path: `/oauth/${name}`,
    headers: json,
    limit: 64 * 1024,
    status: 400,
    said: /Request body too large/,
  })),
  ...["/account/sign-in", "/account/reset", "/account/passkey/sign-in"].map((path) => ({
    path,
    headers: { ...form, ...own },
    limit: 32 * 1024,
    status: 403,
    said: /</,
  })),
];

describe.each(READERS)("$path", ({ path, headers, limit, isMembers, status, said }) => {
  const send = (body: BodyInit, more: Record<string, string> = {}) =>
    fetchHost(path, {
      method: "POST",
      headers: { ...headers, ...(isMembers ? { authorization: member.auth } : {}), ...more },
      body,
    });

  test("reads no further than its limit, where no length is announced", async () => {
    const { body, taken } = endless();
    const response = await send(body);
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(said);
    expect(taken.bytes).toBeLessThanOrEqual(limit + AHEAD);
  });

  test.runIf(path.startsWith("/xrpc/"))("reads no further, where the body unpacks to more", async () => {
    const packed = gzipSync(new Uint8Array(20_000_000).fill(97), { level: 9 });
    const response = await send(packed, { "content-encoding": "gzip" });
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(said);
  });
});

test("a body packed twice is refused before it is read", async () => {
  const { body, taken } = endless();
  const response = await fetchHost("/xrpc/com.atproto.server.createSession", {
    method: "POST",
    headers: { ...json, "content-encoding": "gzip, gzip" },
    body,
  });
  expect([response.status, await response.json()]).toMatchObject([
    415,
    { error: "UnsupportedMediaType", message: "unsupported content-encoding: gzip, gzip" },
  ]);
  expect(taken.bytes).toBeLessThanOrEqual(AHEAD);
});
