/**
 * What each method requires of an app, written independently after the reference's handlers. What each kind
 * of scope grants, decided by a few lines that do not use the scope library.
 */

export const POST = "app.bsky.feed.post";

/** `always`, `never`, `rpc`, or the permission that a scope names. */
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

export const needOf = (nsid: string): Need =>
  NEEDS[nsid] ?? (/^(com\.atproto\.admin|internal\.atoll)\./.test(nsid) ? "never" : "rpc");

/** Each kind of scope, and what it grants: a need, or a method for `rpc`. */
export const grantsOf = (host: string): [scope: string, gives: (need: Need, nsid: string) => boolean][] => [
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
  [
    `rpc:*?aud=${encodeURIComponent(`${host}#bsky_appview`)}`,
    (need, nsid) => need === "rpc" && nsid !== REPORT && !PUSH.has(nsid),
  ],
  ["rpc:app.bsky.feed.getTimeline?aud=*", (_need, nsid) => nsid === "app.bsky.feed.getTimeline"],
  ["rpc:app.bsky.feed.getFeed?aud=*", () => false],
  [
    "rpc?lxm=app.bsky.feed.getFeed&lxm=app.bsky.feed.getFeedSkeleton&aud=*",
    (_need, nsid) => nsid === "app.bsky.feed.getFeed" || nsid === "app.bsky.feed.getFeedSkeleton",
  ],
  ["rpc:*?aud=did:web:elsewhere.example%23bsky_appview", () => false],
];

const REPORT = "com.atproto.moderation.createReport";
export const PUSH = new Set(["app.bsky.notification.registerPush", "app.bsky.notification.unregisterPush"]);
