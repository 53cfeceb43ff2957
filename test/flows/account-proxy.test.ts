/**
 * A member's request, passed on to a service named by a stranger's DID document, but never to addresses that
 * are closed to the outside.
 */
import { createExecutionContext } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { proxied } from "../../src/xrpc/proxy/proxy.ts";
import { servicesOf } from "../../src/edge/services.ts";
import { verify } from "../../src/protocol/keys.ts";
import { refusalOf } from "../support/bindings.ts";
import type { Member } from "../support/account-host.ts";
import { bindings, join } from "../support/account-host.ts";

const NSID = "app.bsky.feed.getTimeline";
const PUBLIC = "https://pds.example.com";

let member: Member;
let endpoint = "";
let answer: () => Response;
let calls: { url: string; headers: Headers; method: string; redirect: string | undefined }[] = [];

beforeEach(async () => {
  member ??= await join();
  calls = [];
  answer = () => Response.json({ feed: [] }, { headers: { "atproto-repo-rev": "3l2", "set-cookie": "a=b" } });
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    if (url.endsWith("/.well-known/did.json")) {
      const id = `did:web:${new URL(url).hostname}`;
      return Response.json({ id, service: [{ id: "#svc", type: "Service", serviceEndpoint: endpoint }] });
    }
    calls.push({
      url,
      headers: new Headers(init?.headers),
      method: init?.method ?? "GET",
      redirect: init?.redirect,
    });
    return answer();
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

let services = 0;

/** Passes a request on as a deployed host would, to a service that has not been seen before. */
function pass(at: string, headers: Record<string, string> = {}, auth = member.auth) {
  endpoint = at;
  const to = `did:web:service${services++}.example.org#svc`;
  const request = new Request(`${PUBLIC}/xrpc/${NSID}?limit=1`, {
    headers: { "atproto-proxy": to, authorization: auth, ...headers },
  });
  // This host created the session under its local name.
  const local = servicesOf(new Request("http://localhost:2583"), bindings, createExecutionContext());
  const deployed = servicesOf(
    request,
    { ...bindings, LOCAL: "", PUBLIC_URL: PUBLIC },
    createExecutionContext(),
  );
  return proxied(request, new URL(request.url), NSID, true, { ...deployed, tokens: local.tokens });
}

test("a request goes on with a token by the member's key for that service and method, and nothing else of theirs", async () => {
  const passed = await pass("https://service.example.org", {
    cookie: "secret=1",
    "accept-language": "de",
    "atproto-accept-labelers": "did:web:labeler.example.org",
    "x-forwarded-for": "192.0.2.1",
  });
  const [call] = calls;
  expect(call?.url).toBe(`https://service.example.org/xrpc/${NSID}?limit=1`);
  expect(call?.redirect).toBe("manual");
  expect([...(call?.headers.keys() ?? [])].toSorted()).toEqual([
    "accept-language",
    "atproto-accept-labelers",
    "authorization",
  ]);
  const [header = "", payload = "", signature = ""] = (call?.headers.get("authorization") ?? "")
    .slice("Bearer ".length)
    .split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
  expect(claims).toMatchObject({ iss: member.did, lxm: NSID });
  expect(claims.aud).toMatch(/^did:web:service\d+\.example\.org$/);
  const key = await bindings.ACCOUNT.getByName(member.did).signingKey();
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  expect(await verify(key, signed, Buffer.from(signature, "base64url"))).toBe(true);
  expect(passed?.did).toBe(member.did);
  expect(Object.fromEntries(passed?.response.headers ?? [])).toMatchObject({ "atproto-repo-rev": "3l2" });
  expect(passed?.response.headers.has("set-cookie")).toBe(false);
});

test.each([
  "http://service.example.org",
  "https://service.example.org:8443",
  "https://user:pass@service.example.org",
  "https://localhost",
  "https://127.0.0.1",
  "https://2130706433",
  "https://0x7f.1",
  "https://0177.0.0.1",
  "https://127.1",
  "https://0.0.0.0",
  "https://10.0.0.1",
  "https://172.16.0.1",
  "https://192.168.1.1",
  "https://169.254.169.254/latest/meta-data",
  "https://100.64.0.1",
  "https://[::1]",
  "https://[::ffff:127.0.0.1]",
  "https://[fd00::1]",
  "https://[fe80::1]",
  "https://metadata.google.internal",
  "https://printer.local",
  "https://router.lan",
  "https://hidden.onion",
  "https://intranet",
  "https://localhost.",
  "https://LOCALHOST",
  "https://db.localhost",
  "ftp://service.example.org",
  "file:///etc/passwd",
  "data:application/json,{}",
  "gopher://service.example.org",
  "//service.example.org",
  "not a url",
  "",
])("nothing is asked at %s", async (at) => {
  const { error } = await refusalOf(Promise.resolve(pass(at)));
  expect(error).toBe("InvalidRequest");
  expect(calls).toEqual([]);
});

test.each([301, 302, 303, 307, 308])("a redirect (%i) is not followed", async (status) => {
  answer = () => new Response(null, { status, headers: { location: "http://169.254.169.254/" } });
  expect((await refusalOf(Promise.resolve(pass("https://service.example.org")))).error).toBe(
    "UpstreamFailure",
  );
  expect(calls).toHaveLength(1);
});

test.each([
  [500, 502],
  [503, 503],
  [404, 404],
  [401, 401],
])("a service's %i is a %i here", async (theirs, ours) => {
  answer = () => Response.json({ error: "Sorry" }, { status: theirs });
  const passed = await pass("https://service.example.org");
  expect(passed?.response.status).toBe(ours);
});

test("a service that does not answer is no fault of this host", async () => {
  answer = () => {
    throw new TypeError("connection refused");
  };
  expect((await refusalOf(Promise.resolve(pass("https://service.example.org")))).error).toBe(
    "UpstreamFailure",
  );
});

test.each([
  ["did:web:localhost#svc", "could not resolve proxy did"],
  ["did:web:127.0.0.1#svc", "could not resolve proxy did"],
  ["did:web:example.com%3A8080#svc", "could not resolve proxy did"],
  ["did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme#svc", "could not resolve proxy did"],
  ["did:web:service.example.org", "no service id specified in proxy header"],
  ["#svc", "no did specified in proxy header"],
  ["did:web:service.example.org#a#b", "invalid proxy header format"],
])("the header %s is refused: %s", async (header, message) => {
  const refusal = await refusalOf(
    Promise.resolve(pass("https://service.example.org", { "atproto-proxy": header })),
  );
  expect(refusal).toEqual({ error: "InvalidRequest", message });
  expect(calls).toEqual([]);
});

test("nobody's request goes anywhere", async () => {
  const { error } = await refusalOf(
    Promise.resolve(pass("https://service.example.org", {}, "Bearer garbage")),
  );
  expect(error).toBe("InvalidToken");
  expect(calls).toEqual([]);
});
