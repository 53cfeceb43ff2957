/** Any page of any site may call the host and read the answer, whatever the answer is. */
import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { serve } from "../../src/edge/app.ts";
import { ADMIN, type Member, bindings, fetchHost, join } from "../support/account-host.ts";

let member: Member;
beforeAll(async () => {
  member = await join();
});

/** What apps read of an answer of the authorization server. */
const EXPOSED_BY_OAUTH = ["dpop-nonce", "www-authenticate"];

const EXPOSED = [
  "atproto-repo-rev",
  "atproto-content-labelers",
  "atproto-upstream-lag",
  "retry-after",
  "dpop-nonce",
  "www-authenticate",
  "ratelimit-limit",
  "ratelimit-remaining",
  "ratelimit-reset",
  "ratelimit-policy",
];

/** Expects what a browser asks of an answer before it hands it to a page of another site. */
function expectOpen({ headers }: Response, expected = EXPOSED): void {
  expect(headers.get("access-control-allow-origin")).toBe("*");
  const exposed = (headers.get("access-control-expose-headers") ?? "").toLowerCase().split(/,\s*/);
  expect(exposed.toSorted()).toEqual(expected.toSorted());
  // With credentials, a browser would refuse the star.
  expect(headers.get("access-control-allow-credentials")).toBeNull();
}

describe("an answer can be read by pages of other sites", () => {
  const xrpc = (nsid: string, query = "") => `/xrpc/${nsid}${query}`;

  test.each<[what: string, path: string, status: number, init?: RequestInit]>([
    ["of a query", xrpc("com.atproto.server.describeServer"), 200],
    ["without its body", xrpc("com.atproto.server.describeServer"), 200, { method: "HEAD" }],
    ["to a parameter that is none", xrpc("com.atproto.identity.resolveHandle", "?handle=1"), 400],
    ["to nobody", xrpc("app.bsky.feed.getTimeline"), 401],
    ["to a token that is none", xrpc("app.bsky.feed.getTimeline"), 400, auth("Bearer x")],
    ["to the admin", xrpc("com.atproto.server.getSession"), 400, auth(ADMIN)],
    ["of a method that there is not", xrpc("com.example.nothing"), 501],
    ["of a path that is no method", xrpc("nothing"), 400],
    ["by a verb that the method has not", xrpc("com.atproto.server.describeServer"), 400, { method: "PUT" }],
    ["of its health", "/xrpc/_health", 200],
    ["of a socket that is none", xrpc("com.atproto.sync.subscribeRepos"), 426],
    ["of labels that are none", xrpc("com.atproto.label.subscribeLabels"), 426],
    ["of its events as JSON that are none", "/subscribe", 426],
    ["of its document", "/.well-known/did.json", 200],
    ["of a handle", "/.well-known/atproto-did", 404, { headers: { host: "nobody.test" } }],
    ["of its protected resource", "/.well-known/oauth-protected-resource", 200],
    ["of its authorization server", "/.well-known/oauth-authorization-server", 200],
    ["of its keys", "/oauth/jwks", 200],
    ["of a request for a token that is none", "/oauth/token", 400, { method: "POST" }],
    ["of a picture that is none", "/img/avatar/plain/x/y@jpeg", 400],
    [
      "of a picture of nobody",
      `/img/avatar/plain/did:plc:${"a".repeat(24)}/bafkreibme22gw2h7y2h7tg2fhqotaqjucnbc24deqo72b6mkl2egezxhvy@jpeg`,
      404,
    ],
    ["of a blob of a path too long", "/blob/a/b/c", 404],
    ["of a video that is none", "/watch/x/y/playlist.m3u8", 400],
    ["of its status", "/status", 200],
    ["of nothing", "/no/such/path", 404],
  ])("%s", async (what, path, status, init) => {
    const answer = await fetchHost(path, init);
    expect(answer.status).toBe(status);
    expectOpen(answer, /^of its (protected|auth|keys)|for a token/.test(what) ? EXPOSED_BY_OAUTH : EXPOSED);
  });

  test("of a write, and of one that is refused", async () => {
    for (const [record, status] of [
      [{ $type: "com.example.thing" }, 200],
      [{ $type: "app.bsky.feed.post", text: 1 }, 400],
    ] as const) {
      const answer = await fetchHost(xrpc("com.atproto.repo.createRecord"), {
        method: "POST",
        headers: { authorization: member.auth, "content-type": "application/json" },
        body: JSON.stringify({ repo: member.did, collection: record.$type, record }),
      });
      expect(answer.status).toBe(status);
      expectOpen(answer);
    }
  });

  test("that the host cannot give", async () => {
    const broken = {
      ...bindings,
      get APPVIEW_DB(): D1Database {
        throw new Error("no database today");
      },
    };
    const request = new Request("http://localhost:2583/xrpc/app.bsky.actor.getProfile?actor=a.test");
    const answer = await serve(request, broken, createExecutionContext());
    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({ error: "InternalServerError", message: "Internal Server Error" });
    expectOpen(answer);
  });
});

function auth(authorization: string): RequestInit {
  return { headers: { authorization } };
}

describe("a preflight", () => {
  const preflight = (path: string, asked = "authorization") =>
    fetchHost(path, {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": asked,
      },
    });

  test.each([
    "/xrpc/com.atproto.repo.createRecord",
    "/xrpc/com.example.nothing",
    "/xrpc/app.bsky.feed.getTimeline?limit=nonsense",
    "/oauth/token",
    "/oauth/par",
    "/.well-known/did.json",
    "/img/avatar/plain/x/y@jpeg",
    "/no/such/path",
  ])("of %s is answered for a day, with no credentials and no body", async (path) => {
    const { status, headers, body } = await preflight(path);
    expect([status, body]).toEqual([204, null]);
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-max-age")).toBe("86400");
  });

  test("names each header that clients send: a star does not cover `authorization`", async () => {
    const { headers } = await preflight("/xrpc/com.atproto.repo.uploadBlob");
    const allowed = (headers.get("access-control-allow-headers") ?? "").split(/,\s*/);
    for (const name of [
      "authorization",
      "content-type",
      "content-encoding",
      "dpop",
      "atproto-proxy",
      "atproto-accept-labelers",
      "x-bsky-topics",
      "*",
    ]) {
      expect(allowed).toContain(name);
    }
    const methods = (headers.get("access-control-allow-methods") ?? "").split(/,\s*/);
    expect(methods).toEqual(expect.arrayContaining(["GET", "HEAD", "POST", "PUT", "DELETE"]));
  });
});
