/** The first hour of a host: who deployed it sets it up in a browser, makes their account, posts, and reads it. */
import { expect } from "vitest";
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
async function call<Answer>(host: Serving, nsid: string, { input, authorization }: Call = {}) {
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

/** A browser as far as forms need one: it keeps cookies, and sends what hidden fields say. */
export class Browser {
  readonly #host: Serving;
  readonly #cookies = new Map<string, string>();
  #csrf = "";

  constructor(host: Serving) {
    this.#host = host;
  }

  /** The page, or where it leads. */
  get(path: string): Promise<string> {
    return this.#ask(path, {});
  }

  async post(path: string, fields: Record<string, string>): Promise<string> {
    await this.get(path);
    return this.#ask(path, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", origin: this.#host.origin },
      body: new URLSearchParams({ csrf: this.#csrf, ...fields }).toString(),
    });
  }

  async #ask(path: string, init: { method?: string; headers?: Record<string, string>; body?: string }) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", cookie, "cf-connecting-ip": "198.51.100.1", ...init.headers };
    const response = await this.#host.fetch(path, { ...init, headers, redirect: "manual" });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (/Max-Age=0\b/.test(set)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    const page = await response.text();
    this.#csrf = /name="csrf" value="([^"]*)"/.exec(page)?.[1] ?? this.#csrf;
    return response.headers.get("location") ?? page;
  }
}

/** Sets the host up at the address that it has, and makes the owner's account. */
export async function setUp(host: Serving, code: string, name: string): Promise<Newcomer> {
  const browser = new Browser(host);
  expect(await browser.get("/")).toBe("/setup");
  expect(await browser.post("/setup", { step: "open", code })).toBe("/setup");
  const here = await browser.post("/setup/address", { step: "save", where: "here", PUBLIC_URL: "" });
  expect(here).toBe("/setup/handles");
  // At workers.dev nobody finds a name below the host's, so the page offers its own.
  const handle = new URL(host.origin).hostname;
  expect(await browser.get("/setup/owner")).toContain(`value="${handle}"`);
  const owner = { handle, email: `${name}@example.com`, password: `${name}-password-1` };
  expect(await browser.post("/setup/owner", { step: "sign-up", ...owner })).toBe("/setup/owner");
  return signIn(host, name);
}

export function signIn(host: Serving, name: string): Promise<Newcomer> {
  return call(host, "com.atproto.server.createSession", {
    input: { identifier: `${name}@example.com`, password: `${name}-password-1` },
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

/** Keeps a blob in R2, and reads it back. */
export async function storesBlob(host: Serving, { did, accessJwt }: Newcomer): Promise<void> {
  const bytes = new TextEncoder().encode("a blob of the rehearsal");
  const uploaded = await host.fetch("/xrpc/com.atproto.repo.uploadBlob", {
    method: "POST",
    headers: { "content-type": "text/plain", authorization: `Bearer ${accessJwt}` },
    body: bytes,
  });
  expect(uploaded.status).toBe(200);
  const { blob } = (await uploaded.json()) as { blob: { ref: { $link: string } } };
  const record = { $type: "com.example.keep", blob };
  await call(host, "com.atproto.repo.createRecord", {
    input: { repo: did, collection: "com.example.keep", record },
    authorization: `Bearer ${accessJwt}`,
  });
  const query = `did=${did}&cid=${blob.ref.$link}`;
  const read = await host.fetch(`/xrpc/com.atproto.sync.getBlob?${query}`);
  expect([...new Uint8Array(await read.arrayBuffer())]).toEqual([...bytes]);
}

export async function textsOf(host: Serving, { did, accessJwt }: Newcomer): Promise<string[]> {
  const { feed } = await call<{ feed: { post: { record: { text: string } } }[] }>(
    host,
    `app.bsky.feed.getAuthorFeed?actor=${did}`,
    { authorization: `Bearer ${accessJwt}` },
  );
  return feed.map(({ post: { record } }) => record.text);
}
