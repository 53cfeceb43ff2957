/** The first hour of a host: who deployed it invites somebody, who signs up, posts, and reads it. */
import { expect } from "vitest";
import { basic } from "../../tools/dev/xrpc-client.ts";
import type { Serving } from "./uploaded.ts";

export interface Newcomer {
  did: string;
  accessJwt: string;
}

interface Call {
  input?: unknown;
  authorization?: string;
}

/** An XRPC call that must succeed. */
export async function call<Answer>(host: Serving, nsid: string, { input, authorization }: Call = {}) {
  const response = await host.fetch(`/xrpc/${nsid}`, {
    method: input === undefined ? "GET" : "POST",
    headers: {
      ...(input === undefined ? {} : { "content-type": "application/json" }),
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(input === undefined ? {} : { body: JSON.stringify(input) }),
  });
  const text = await response.text();
  expect(response.status, `${nsid}: ${text}`).toBe(200);
  return JSON.parse(text) as Answer;
}

/** The password of `admin`, from where the host keeps the one that it made. */
async function adminPassword(host: Serving): Promise<string> {
  // Any call of an administrator's makes the host settle on one.
  await host.fetch("/xrpc/com.atproto.admin.getAccountInfos?dids=did:web:x", {
    headers: { authorization: basic("admin", "not-this") },
  });
  const [row] = await host.query("DIRECTORY", "SELECT value FROM secret WHERE name = 'ADMIN_PASSWORD'");
  return String(row?.["value"]);
}

export async function signUp(host: Serving, name: string): Promise<Newcomer> {
  const { code } = await call<{ code: string }>(host, "com.atproto.server.createInviteCode", {
    input: { useCount: 1 },
    authorization: basic("admin", await adminPassword(host)),
  });
  return call<Newcomer>(host, "com.atproto.server.createAccount", {
    input: {
      handle: `${name}.${new URL(host.origin).hostname}`,
      email: `${name}@example.com`,
      password: `${name}-password-1`,
      inviteCode: code,
    },
  });
}

export async function post(host: Serving, { did, accessJwt }: Newcomer, text: string): Promise<void> {
  await call(host, "com.atproto.repo.createRecord", {
    input: {
      repo: did,
      collection: "app.bsky.feed.post",
      record: { $type: "app.bsky.feed.post", text, createdAt: new Date().toISOString() },
    },
    authorization: `Bearer ${accessJwt}`,
  });
}

export async function textsOf(host: Serving, { did, accessJwt }: Newcomer): Promise<string[]> {
  const { feed } = await call<{ feed: { post: { record: { text: string } } }[] }>(
    host,
    `app.bsky.feed.getAuthorFeed?actor=${did}`,
    { authorization: `Bearer ${accessJwt}` },
  );
  return feed.map(({ post: { record } }) => record.text);
}
