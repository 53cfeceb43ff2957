/** The table of scopes: every method with every kind of grant and with none, and the words of refusals. */
import { ScopePermissionsTransition } from "@atproto/oauth-scopes";
import { describe, expect, test } from "vitest";
import { isRefusal } from "../../src/protocol/refusal.ts";
import { methods } from "../../src/xrpc/methods.ts";
import { authorizeCall, authorizeInput, mayReadEmail } from "../../src/xrpc/server/scopes.ts";
import { SCOPE_RULES, type ScopedCall } from "../../src/xrpc/server/scope-rules.ts";
import { POST, grantsOf, needOf } from "../support/grants.ts";

const HOST = "did:web:host.example";
const GRANTS = grantsOf(HOST);
const SERVICE_AUTH = "com.atproto.server.getServiceAuth";

const INPUT = {
  collection: POST,
  serviceDid: "did:web:push.example",
  writes: ["create", "update", "delete"].map((action) => ({
    $type: `com.atproto.repo.applyWrites#${action}`,
    collection: POST,
  })),
};

function on(nsid: string, headers: Record<string, string> = {}, params: object = {}): ScopedCall {
  const request = new Request("https://host.example/xrpc/x", {
    headers: { "content-type": "image/png", ...headers },
  });
  const services = { host: { did: HOST }, env: { APPVIEW: "local", MOD_SERVICE: "" } } as const;
  return { request, nsid, services, params };
}

function refusalOf(
  scope: string,
  credentials: ScopedCall,
): { status: number; error: string; message: string } | null {
  const permissions = new ScopePermissionsTransition(`atproto ${scope}`.trim());
  try {
    authorizeCall(permissions, credentials);
    authorizeInput(permissions, credentials.nsid, INPUT);
    return null;
  } catch (thrown) {
    if (isRefusal(thrown)) return thrown;
    throw thrown;
  }
}

const tried = [
  ...new Set([...methods.keys(), ...Object.keys(SCOPE_RULES), "chat.bsky.convo.listConvos"]),
].filter((nsid) => nsid !== SERVICE_AUTH);

describe.each(GRANTS)("with “%s”", (scope, gives) => {
  test.each(tried)("%s", (nsid) => {
    const need = needOf(nsid);
    const allowed = need === "always" || (need !== "never" && gives(need, nsid));
    const refusal = refusalOf(scope, on(nsid));
    expect(refusal === null, refusal?.message).toBe(allowed);
    if (refusal !== null) {
      expect(refusal.status).toBe(403);
      expect(refusal.error).toBe(need === "never" ? "Forbidden" : "ScopeMissingError");
    }
  });
});

test("what is missing is said, as the reference says it", () => {
  expect(refusalOf("", on("com.atproto.repo.createRecord"))?.message).toBe(
    `Missing required scope "repo:${POST}?action=create"`,
  );
  expect(refusalOf("", on("app.bsky.feed.getTimeline"))?.message).toContain(
    'Missing required scope "rpc:app.bsky.feed.getTimeline?aud=',
  );
  expect(refusalOf("identity:handle", on("com.atproto.identity.signPlcOperation"))?.message).toBe(
    'Missing required scope "identity:*"',
  );
});

test("a call for another service needs a grant for that service", () => {
  const headers = { "atproto-proxy": "did:web:elsewhere.example#bsky_appview" };
  const call = on("app.bsky.feed.getTimeline", headers);
  expect(refusalOf(`rpc:*?aud=${HOST}%23bsky_appview`, call)?.status).toBe(403);
  expect(refusalOf("rpc:*?aud=did:web:elsewhere.example%23bsky_appview", call)).toBeNull();
  expect(refusalOf("rpc:*?aud=did:web:elsewhere.example%23other", call)?.status).toBe(403);
});

test.each(["app.bsky.actor.getPreferences", "app.bsky.actor.putPreferences"])(
  "%s is served here whatever the header names, and needs the grant for here",
  (nsid) => {
    const named = "did:web:app.example#svc";
    const call = on(nsid, { "atproto-proxy": named });
    expect(refusalOf(`rpc:*?aud=${encodeURIComponent(named)}`, call)?.message).toContain(
      `aud=${HOST}%23bsky_appview`,
    );
    expect(refusalOf(`rpc:${nsid}?aud=${HOST}%23bsky_appview`, call)).toBeNull();
  },
);

test.each(["com.atproto.admin.updateSubjectStatus", "internal.atoll.admin.grantRole"])(
  "no grant gets a token with which another host could be asked for %s",
  (lxm) => {
    const asked = on(SERVICE_AUTH, {}, { aud: "did:web:other.example", lxm });
    for (const scope of ["rpc:*?aud=*", `rpc:${lxm}?aud=*`, "transition:generic"]) {
      expect(refusalOf(scope, asked)).toMatchObject({ status: 403, error: "Forbidden" });
    }
  },
);

test("a token for another service needs what the call itself would need", () => {
  const aud = "did:web:api.example#svc";
  const asked = on(SERVICE_AUTH, {}, { aud, lxm: "com.example.do" });
  expect(refusalOf("rpc:com.example.do?aud=*", asked)).toBeNull();
  expect(refusalOf("rpc:com.example.other?aud=*", asked)?.status).toBe(403);
  const any = on(SERVICE_AUTH, {}, { aud });
  expect(refusalOf("rpc:com.example.do?aud=*", any)?.status).toBe(403);
  expect(refusalOf(`rpc:*?aud=${encodeURIComponent(aud)}`, any)).toBeNull();
  expect(refusalOf("transition:generic", any)).toBeNull();
});

test("a batch needs a grant for each thing that it does", () => {
  const one = {
    writes: [{ $type: "com.atproto.repo.applyWrites#create", collection: "app.bsky.feed.like" }],
  };
  const permissions = new ScopePermissionsTransition(`atproto repo:${POST}`);
  expect(() => authorizeInput(permissions, "com.atproto.repo.applyWrites", one)).toThrow(
    "app.bsky.feed.like",
  );
});

test("notifications are pushed by the service that the grant names", () => {
  const nsid = "app.bsky.notification.registerPush";
  expect(refusalOf(`rpc:${nsid}?aud=did:web:push.example%23bsky_notif`, on(nsid))).toBeNull();
  expect(refusalOf(`rpc:${nsid}?aud=did:web:push.example%23other`, on(nsid))?.status).toBe(403);
});

test.each([
  ["", false],
  ["transition:generic", false],
  ["transition:email", true],
  ["account:email", true],
  ["account:email?action=manage", true],
  ["account:repo", false],
])("with “%s” the e-mail address is read: %s", (scope, read) => {
  expect(mayReadEmail(new ScopePermissionsTransition(`atproto ${scope}`))).toBe(read);
});

test("bytes of no named type are no blob that a grant could cover", () => {
  const nsid = "com.atproto.repo.uploadBlob";
  expect(refusalOf("blob:*/*", on(nsid, { "content-type": "" }))).toMatchObject({
    status: 400,
    error: "InvalidRequest",
  });
  expect(refusalOf("blob:image/*", on(nsid, { "content-type": "Image/PNG; charset=binary" }))).toBeNull();
});
