/** The host as strangers see it, for account-* flows: XRPC over HTTP, a mailbox, accounts made on the way. */
import { env, exports } from "cloudflare:workers";
import type { Did } from "@atcute/lexicons";
import type { AccountStation } from "../../src/protocol/account-station.ts";
import type { Bindings } from "../../src/protocol/stations.ts";

export const bindings: Bindings<AccountStation> & { BLOBS: R2Bucket } = env as never;

const worker = (exports as { default: { fetch(request: Request): Promise<Response> } }).default;

export const ORIGIN = "http://localhost:2583";
export const HOST_DID: Did = "did:web:localhost%3A2583";

export interface Reply {
  status: number;
  /** `{}` if the answer is not JSON. */
  body: Record<string, unknown>;
  headers: Headers;
}

export interface CallOptions {
  /** A complete `authorization` header. */
  auth?: string | undefined;
  input?: unknown;
  params?: Record<string, string | string[]>;
  headers?: Record<string, string>;
  method?: string;
}

export async function fetchHost(path: string, init?: RequestInit): Promise<Response> {
  return worker.fetch(new Request(new URL(path, ORIGIN), init));
}

export async function xrpc(nsid: string, options: CallOptions = {}): Promise<Reply> {
  const url = new URL(`/xrpc/${nsid}`, ORIGIN);
  for (const [name, value] of Object.entries(options.params ?? {})) {
    for (const each of [value].flat()) url.searchParams.append(name, each);
  }
  const headers = new Headers(options.headers);
  if (options.auth !== undefined) headers.set("authorization", options.auth);
  if (options.input !== undefined) headers.set("content-type", "application/json");
  const response = await worker.fetch(
    new Request(url, {
      method: options.method ?? (options.input === undefined ? "GET" : "POST"),
      headers,
      ...(options.input === undefined ? {} : { body: JSON.stringify(options.input) }),
    }),
  );
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  return {
    status: response.status,
    body: isJson && text !== "" ? (JSON.parse(text) as Record<string, unknown>) : {},
    headers: response.headers,
  };
}

/** A procedure without an input. */
export const post = (nsid: string, options: CallOptions = {}) => xrpc(nsid, { ...options, method: "POST" });

export const ADMIN = `Basic ${btoa("admin:test-admin")}`;
export const asAdmin = (nsid: string, options: CallOptions = {}) => xrpc(nsid, { ...options, auth: ADMIN });

export interface Member {
  did: `did:${string}:${string}`;
  handle: string;
  email: string;
  password: string;
  /** As an `authorization` header. */
  auth: string;
  refresh: string;
}

let made = 0;

export async function join(name = `m${made++}x${Math.floor(Math.random() * 1e6)}`): Promise<Member> {
  const handle = `${name}.test`;
  const email = `${name}@example.com`;
  const password = `password of ${name}`;
  const { status, body } = await xrpc("com.atproto.server.createAccount", {
    input: { handle, email, password },
  });
  if (status !== 200) throw new Error(`createAccount: ${status} ${JSON.stringify(body)}`);
  return {
    did: String(body.did) as Member["did"],
    handle,
    email,
    password,
    auth: `Bearer ${String(body.accessJwt)}`,
    refresh: `Bearer ${String(body.refreshJwt)}`,
  };
}

/** The newest mail to an address, and the code in it. */
export async function lastMail(to: string): Promise<{ subject: string; text: string; code: string }> {
  const outside = bindings.OUTSIDE;
  if (outside === undefined) throw new Error("no outside");
  const response = await outside.fetch(new Request(`http://mail.local/mail?to=${encodeURIComponent(to)}`));
  const [mail] = await response.json<{ subject: string; text: string }[]>();
  if (mail === undefined) throw new Error(`no mail to ${to}`);
  return { ...mail, code: /[A-Z2-7]{5}-[A-Z2-7]{5}/.exec(mail.text)?.[0] ?? "" };
}
