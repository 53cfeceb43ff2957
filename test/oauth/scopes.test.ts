/**
 * Every method with every kind of grant, and with none. What each method needs is written down here a second time, after
 * the reference's handlers; whether a grant gives it is decided by a few lines that know nothing of the scope library.
 */
import { ScopePermissionsTransition } from "@atproto/oauth-scopes";
import { describe, expect, test } from "vitest";
import { isRefusal } from "../../src/protocol/refusal.ts";
import { methods } from "../../src/xrpc/methods.ts";
import {
  SCOPE_RULES,
  type ScopedCall,
  authorizeCall,
  authorizeInput,
  mayReadEmail,
} from "../../src/xrpc/scopes.ts";

const HOST = "did:web:host.example";
const POST = "app.bsky.feed.post";

/** `always`, `never`, `rpc`, or what a scope names. */
type Need = string;

const NEEDS: Record<string, Need> = {
  "com.atproto.repo.createRecord": "repo:create",
  "com.atproto.repo.putRecord": "repo:create+update",
  "com.atproto.repo.deleteRecord": "repo:delete",
  "com.atproto.repo.applyWrites": "repo:create+update+delete",
  "com.atproto.repo.uploadBlob": "blob",
  "com.atproto.repo.importRepo": "account:repo:manage",
  "com.atproto.repo.listMissingBlobs": "always",
  "com.atproto.identity.getRecommendedDidCredentials": "always",
  "com.atproto.identity.requestPlcOperationSignature": "identity:*",
  "com.atproto.identity.signPlcOperation": "identity:*",
  "com.atproto.identity.submitPlcOperation": "identity:*",
  "com.atproto.identity.updateHandle": "identity:handle",
  "com.atproto.server.activateAccount": "never",
  "com.atproto.server.checkAccountStatus": "always",
  "com.atproto.server.confirmEmail": "account:email:manage",
  "com.atproto.server.createAppPassword": "never",
  "com.atproto.server.createInviteCode": "never",
  "com.atproto.server.createInviteCodes": "never",
  "com.atproto.server.deactivateAccount": "never",
  "com.atproto.server.getAccountInviteCodes": "never",
  "com.atproto.server.getSession": "always",
  "com.atproto.server.listAppPasswords": "never",
  "com.atproto.server.requestAccountDelete": "never",
  "com.atproto.server.requestEmailConfirmation": "account:email:manage",
  "com.atproto.server.requestEmailUpdate": "never",
  "com.atproto.server.revokeAppPassword": "never",
  "com.atproto.server.updateEmail": "never",
  "com.atproto.temp.checkSignupQueue": "never",
  "com.atproto.sync.getBlob": "always",
  "com.atproto.sync.getBlocks": "always",
  "com.atproto.sync.getCheckout": "always",
  "com.atproto.sync.getHead": "always",
  "com.atproto.sync.getLatestCommit": "always",
  "com.atproto.sync.getRecord": "always",
  "com.atproto.sync.getRepo": "always",
  "com.atproto.sync.getRepoStatus": "always",
  "com.atproto.sync.listBlobs": "always",
};

const needOf = (nsid: string): Need =>
  NEEDS[nsid] ?? (/^(com\.atproto\.admin|internal\.atoll)\./.test(nsid) ? "never" : "rpc");

/** Each kind of scope, and what it gives: a need, or a method for `rpc`. */
const GRANTS: [scope: string, gives: (need: Need, nsid: string) => boolean][] = [
  ["", () => false],
  [
    "transition:generic",
    (need, nsid) => /^(repo|blob)/.test(need) || (need === "rpc" && !nsid.startsWith("chat.")),
  ],
  ["transition:email", () => false],
  ["transition:chat.bsky", (need, nsid) => need === "rpc" && nsid.startsWith("chat.")],
  [`repo:${POST}`, (need) => need.startsWith("repo")],
  ["repo:*", (need) => need.startsWith("repo")],
  ["repo:app.bsky.feed.like", () => false],
  [`repo:${POST}?action=create`, (need) => need === "repo:create"],
  [`repo:${POST}?action=create&action=update`, (need) => /^repo:create(\+update)?$/.test(need)],
  [`repo:${POST}?action=delete`, (need) => need === "repo:delete"],
  ["blob:*/*", (need) => need === "blob"],
  ["blob:image/*", (need) => need === "blob"],
  ["blob:video/*", () => false],
  ["account:email", () => false],
  ["account:email?action=manage", (need) => need === "account:email:manage"],
  ["account:repo?action=manage", (need) => need === "account:repo:manage"],
  ["account:status?action=manage", () => false],
  ["identity:handle", (need) => need === "identity:handle"],
  ["identity:*", (need) => need.startsWith("identity")],
  [`rpc:*?aud=${HOST}%23bsky_appview`, (need, nsid) => need === "rpc" && nsid !== REPORT && !PUSH.has(nsid)],
  ["rpc:app.bsky.feed.getTimeline?aud=*", (_need, nsid) => nsid === "app.bsky.feed.getTimeline"],
  ["rpc:app.bsky.feed.getFeed?aud=*", () => false],
  [
    "rpc?lxm=app.bsky.feed.getFeed&lxm=app.bsky.feed.getFeedSkeleton&aud=*",
    (_need, nsid) => nsid === "app.bsky.feed.getFeed",
  ],
  ["rpc:*?aud=did:web:elsewhere.example%23bsky_appview", () => false],
];

const REPORT = "com.atproto.moderation.createReport";
const PUSH = new Set(["app.bsky.notification.registerPush", "app.bsky.notification.unregisterPush"]);
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
  const services = { host: { did: HOST }, env: { APPVIEW: "local" } } as const;
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
