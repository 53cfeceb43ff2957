/**
 * A stand-in of Cloudflare's API on loopback, for the real wrangler (`CLOUDFLARE_API_BASE_URL`). It keeps
 * accounts in memory, writes down each call, and can be cut off at any of them.
 */
import http from "node:http";
import { LOOPBACK } from "../../../tools/dev/ports.ts";
import type { Account } from "./account.ts";
import { ApiFailure, found, refused, unauthorised } from "./answers.ts";
import { type ApiRequest, ROUTES, assertRight } from "./routes.ts";

export const TOKEN = "a-token-of-the-rehearsal";

const BASE = "/client/v4";

export interface CloudflareApi {
  /** For `CLOUDFLARE_API_BASE_URL`. */
  readonly url: string;
  /** Each call as `PUT /workers/scripts/atoll`, without the account. */
  readonly calls: string[];
  /** Calls that no route knows: there must be none. */
  readonly unknown: string[];
  /** Drops the connection of every call from this one on, counted from now; null: of none. */
  cutFrom(call: number | null, before?: "answer" | "work"): void;
  /** Whether a connection was dropped since the last `cutFrom`. */
  readonly wasCut: boolean;
  /** Leaves the next call of this kind without an answer. Resolves when it has come, and its work is done. */
  hold(call: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startCloudflare(accounts: readonly Account[]): Promise<CloudflareApi> {
  const calls: string[] = [];
  const unknown: string[] = [];
  let cut: { left: number; before: "answer" | "work" } | null = null;
  let wasCut = false;
  let held: { call: string; come: () => void } | null = null;
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const isGone = cut !== null && --cut.left < 0;
      wasCut ||= isGone;
      const call = callOf(request);
      calls.push(`${call.method} ${call.path}`);
      if (isGone && cut?.before === "work") return void request.socket.destroy();
      void answer(accounts, call, request, Buffer.concat(chunks)).then(({ status, body, isUnknown }) => {
        if (isUnknown) unknown.push(`${call.method} ${call.path}`);
        if (isGone) return void request.socket.destroy();
        if (held?.call === `${call.method} ${call.path}`) {
          held.come();
          held = null;
          return;
        }
        response.writeHead(status, { "content-type": "application/json", connection: "close" });
        response.end(JSON.stringify(body));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stand-in has no port");
  return {
    url: `http://${LOOPBACK}:${address.port}${BASE}`,
    calls,
    unknown,
    cutFrom(at, before = "work") {
      wasCut = false;
      cut = at === null ? null : { left: at, before };
    },
    get wasCut() {
      return wasCut;
    },
    hold: (call) => new Promise((come) => (held = { call, come })),
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Call {
  method: string;
  /** Null: the call is not about one account. */
  accountId: string | null;
  path: string;
  query: URLSearchParams;
}

function callOf({ method = "GET", url = "/" }: http.IncomingMessage): Call {
  const { pathname, searchParams } = new URL(url, "http://api");
  const path = pathname.slice(BASE.length);
  const inAccount = /^\/accounts\/([^/]+)(\/.*)$/.exec(path);
  return { method, accountId: inAccount?.[1] ?? null, path: inAccount?.[2] ?? path, query: searchParams };
}

interface Answered {
  status: number;
  body: object;
  isUnknown?: boolean;
}

async function answer(
  accounts: readonly Account[],
  call: Call,
  { headers }: http.IncomingMessage,
  body: Buffer,
): Promise<Answered> {
  try {
    if (headers.authorization !== `Bearer ${TOKEN}`) throw unauthorised();
    if (call.accountId === null) return { status: 200, body: found(aboutAll(accounts, call)) };
    const account = accounts.find(({ id }) => id === call.accountId);
    if (account === undefined) throw new ApiFailure(403, 7403, "The given account is not valid.");
    const route = routeOf(call);
    assertRight(account, route.right);
    const given = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
    );
    const request: ApiRequest = { account, parts: route.parts, query: call.query, headers: given, body };
    return { status: 200, body: found(await route.answer(request)) };
  } catch (thrown) {
    if (!(thrown instanceof ApiFailure)) throw thrown;
    return { status: thrown.status, body: refused(thrown), isUnknown: thrown.code === NO_ROUTE };
  }
}

const NO_ROUTE = 7000;

function aboutAll(accounts: readonly Account[], { method, path }: Call): unknown {
  if (method === "GET" && path === "/accounts") return accounts.map(({ id, name }) => ({ id, name }));
  if (method === "GET" && path === "/memberships")
    return accounts.map(({ id, name }) => ({ id: `member-${id}`, account: { id, name } }));
  throw new ApiFailure(404, NO_ROUTE, "No route for that URI");
}

function routeOf({ method, path }: Call) {
  for (const [pattern, route] of Object.entries(ROUTES)) {
    const parts = new RegExp(`^${pattern.replaceAll("*", "([^/]+)")}$`).exec(`${method} ${path}`);
    if (parts !== null) return { ...route, parts: parts.slice(1).map(decodeURIComponent) };
  }
  throw new ApiFailure(404, NO_ROUTE, "No route for that URI");
}
