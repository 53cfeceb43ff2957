/**
 * Every served method tried with every kind of credential. Rules and names are the reference's (its auth
 * verifier, and each method's own options); a comment marks where this host differs. Queries of the AppView,
 * which the reference serves at another address, follow `app.bsky` below.
 */
import { beforeAll, expect, test } from "vitest";
import { methods } from "../../src/xrpc/methods.ts";
import { xrpc } from "../support/account-host.ts";
import { CREDENTIALS, castOf } from "../support/credentials.ts";
import type { Cast, Credential } from "../support/credentials.ts";

type Outcome = "ok" | `${number} ${string}`;
type Rule = (credential: Credential) => Outcome;

const INVALID = "400 InvalidToken";
const REQUIRED = "401 AuthenticationRequired";

/** Accepts a member's session, and the lesser kinds in `also`. */
const session =
  (...also: Credential[]): Rule =>
  (credential) => {
    if (credential === "none") return "401 AuthMissing";
    if (credential === "expired") return "400 ExpiredToken";
    const full: Credential[] = ["full", "owner", "moderator", "inviter"];
    return full.includes(credential) || also.includes(credential) ? "ok" : INVALID;
  };
const owner = session();
const member = session("app password", "privileged");
const ownerOrTakenDown = session("taken down");
const memberOrTakenDown = session("app password", "privileged", "taken down");

const open: Rule = () => "ok";

const anyoneOr =
  (rule: Rule): Rule =>
  (credential) => {
    if (credential === "none" || credential === "admin") return "ok";
    return credential === "wrong admin" ? REQUIRED : rule(credential);
  };

const memberOrService: Rule = (credential) => (credential === "service" ? "ok" : member(credential));
const memberTakenDownOrService: Rule = (credential) =>
  credential === "service" ? "ok" : memberOrTakenDown(credential);

/** Refresh tokens only. `expired` is an access token here, so never a refresh token. */
const refresh: Rule = (credential) => {
  if (credential === "refresh") return "ok";
  return ["none", "admin", "wrong admin"].includes(credential) ? "401 AuthMissing" : INVALID;
};

/**
 * Roles are this host's own. An expired session gets 400; the reference knows none, and answers 401. Who has
 * another role is told who may.
 */
const hostOwner: Rule = (credential) => {
  if (credential === "admin" || credential === "owner") return "ok";
  if (credential === "moderator" || credential === "inviter") return "403 Forbidden";
  return credential === "expired" ? "400 ExpiredToken" : REQUIRED;
};
const inviter: Rule = (credential) => (credential === "inviter" ? "ok" : hostOwner(credential));
const moderator: Rule = (credential) => {
  if (credential === "moderator") return "ok";
  if (credential === "service") return "401 UntrustedIss";
  if (credential === "malformed" || credential === "unknown scheme") return INVALID;
  const bearer: Credential[] = ["garbage", "refresh", "full", "app password", "privileged", "taken down"];
  return bearer.includes(credential) ? "401 BadJwtType" : hostOwner(credential);
};

/** createAccount: a service token for a DID that is brought along, or no credentials. */
const serviceOrNone: Rule = (credential) => {
  switch (credential) {
    case "none":
    case "service":
      return "ok";
    case "malformed":
    case "unknown scheme":
      return INVALID;
    case "admin":
    case "wrong admin":
      // In the reference any other scheme falls through to "no credentials", which rejects the header.
      return REQUIRED;
    case "garbage":
      return "401 BadJwt";
    default:
      return "401 BadJwtType";
  }
};

const server: Record<string, Rule> = {
  activateAccount: owner,
  checkAccountStatus: member,
  confirmEmail: member,
  createAccount: serviceOrNone,
  createAppPassword: owner,
  createInviteCode: inviter,
  createInviteCodes: inviter,
  createSession: open,
  deactivateAccount: ownerOrTakenDown,
  deleteAccount: open,
  deleteSession: refresh,
  describeServer: open,
  getAccountInviteCodes: owner,
  getServiceAuth: memberOrTakenDown,
  getSession: member,
  listAppPasswords: member,
  refreshSession: refresh,
  requestAccountDelete: owner,
  requestEmailConfirmation: member,
  requestEmailUpdate: owner,
  requestPasswordReset: open,
  reserveSigningKey: open,
  resetPassword: open,
  revokeAppPassword: owner,
  updateEmail: owner,
};
const repo: Record<string, Rule> = {
  applyWrites: member,
  createRecord: member,
  deleteRecord: member,
  describeRepo: open,
  getRecord: open,
  importRepo: owner,
  listMissingBlobs: member,
  listRecords: open,
  putRecord: member,
  uploadBlob: memberOrService,
};
const identity: Record<string, Rule> = {
  getRecommendedDidCredentials: member,
  refreshIdentity: open,
  requestPlcOperationSignature: ownerOrTakenDown,
  resolveDid: open,
  resolveHandle: open,
  resolveIdentity: open,
  signPlcOperation: ownerOrTakenDown,
  submitPlcOperation: member,
  updateHandle: member,
};
/** Taken-down members may read all of their own repo; the reference excludes proofs, blocks and heads. */
const read = anyoneOr(memberOrTakenDown);
const sync: Record<string, Rule> = {
  getBlob: read,
  getBlocks: read,
  getCheckout: read,
  getHead: read,
  getHostStatus: open,
  getLatestCommit: read,
  getRecord: read,
  getRepo: read,
  getRepoStatus: open,
  listBlobs: read,
  listRepos: open,
  requestCrawl: open,
};
const admin: Record<string, Rule> = {
  deleteAccount: hostOwner,
  disableAccountInvites: moderator,
  disableInviteCodes: moderator,
  enableAccountInvites: moderator,
  getAccountInfo: moderator,
  getAccountInfos: moderator,
  getInviteCodes: moderator,
  getSubjectStatus: moderator,
  searchAccounts: moderator,
  sendEmail: moderator,
  updateAccountEmail: hostOwner,
  updateAccountHandle: hostOwner,
  updateAccountPassword: hostOwner,
  updateSubjectStatus: moderator,
};
const own: Record<string, Rule> = {
  createLabels: moderator,
  getRelayStatus: moderator,
  grantRole: hostOwner,
  listAudit: moderator,
  listCredentials: hostOwner,
  listLabels: moderator,
  listReports: moderator,
  listReservedNames: hostOwner,
  listRoles: hostOwner,
  listUnsentMail: hostOwner,
  rebuildIndex: hostOwner,
  releaseNames: hostOwner,
  reserveNames: hostOwner,
  revokeCredentials: hostOwner,
  createResetCode: hostOwner,
  endSessions: moderator,
  revokeRole: hostOwner,
  reopenReports: moderator,
  updateReport: moderator,
  updateReports: moderator,
  listArchives: hostOwner,
  getArchive: hostOwner,
  archiveAccount: hostOwner,
  restoreArchive: hostOwner,
  listBlockedLinks: moderator,
  blockLinks: moderator,
  allowLink: moderator,
  listAnnouncements: hostOwner,
  announceByPost: hostOwner,
  announceByMail: hostOwner,
  stopAnnouncement: hostOwner,
  listSettings: hostOwner,
  updateSettings: hostOwner,
};

const backups = [
  "getStatus",
  "start",
  "listFiles",
  "getFile",
  "getAccounts",
  "restoreHost",
  "restoreRows",
  "restoreAccount",
  "restoreRepo",
  "restoreRevs",
  "restoreBlob",
  "restoreBlobs",
  "listAccount",
];

const joining: Record<string, Rule> = { listRequests: moderator, decideRequests: moderator };

const grouped = (group: string, rules: Record<string, Rule>) =>
  Object.entries(rules).map(([name, rule]) => [`${group}.${name}`, rule] as const);

const RULES = new Map<string, Rule>([
  ...grouped("com.atproto.server", server),
  ...grouped("com.atproto.repo", repo),
  ...grouped("com.atproto.identity", identity),
  ...grouped("com.atproto.sync", sync),
  ...grouped("com.atproto.admin", admin),
  ...grouped("internal.atoll.admin", own),
  ...grouped("internal.atoll.backup", Object.fromEntries(backups.map((name) => [name, hostOwner]))),
  ...grouped("internal.atoll.doctor", { getReport: hostOwner, start: hostOwner, step: hostOwner }),
  ...grouped("internal.atoll.joining", joining),
  ["com.atproto.moderation.createReport", memberTakenDownOrService],
  ["com.atproto.temp.checkSignupQueue", member],
  ["com.atproto.label.queryLabels", open],
  ["com.atproto.label.subscribeLabels", open],
]);

const CID = "bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

/** Valid parameters, which are checked before credentials. */
function paramsOf(nsid: string, did: string): Record<string, string> {
  switch (nsid) {
    case "com.atproto.server.getServiceAuth":
      return { aud: "did:web:example.com", lxm: "com.atproto.server.createAccount" };
    case "com.atproto.admin.getAccountInfos":
    case "internal.atoll.backup.getAccounts":
      return { dids: did };
    case "com.atproto.label.queryLabels":
      return { uriPatterns: `at://${did}`, sources: did };
    case "com.atproto.sync.getHostStatus":
      return { hostname: "example.com" };
    case "com.atproto.identity.resolveHandle":
      return { handle: "nobody.test" };
    default:
      return {
        did,
        repo: did,
        identifier: did,
        collection: "app.bsky.feed.post",
        rkey: "3l2dmkw5ihc2y",
        ...(nsid.endsWith("getBlocks") ? { cids: CID } : {}),
        ...(nsid.endsWith("getBlob") ? { cid: CID } : {}),
        ...(nsid.endsWith("getFile") ? { key: "none" } : {}),
        ...(nsid.endsWith("getArchive") ? { madeAt: "1" } : {}),
      };
  }
}

/** Error names that refuse the credentials. Any other answer means that they were accepted. */
const REFUSALS = new Set([
  "AuthMissing",
  "AuthenticationRequired",
  "InvalidToken",
  "ExpiredToken",
  "UntrustedIss",
  "BadJwt",
  "BadJwtType",
  "BadJwtLexiconMethod",
  "BadJwtAudience",
  "BadJwtSignature",
  "Forbidden",
  "AccountTakedown",
]);

let cast: Cast;
beforeAll(async () => {
  cast = await castOf();
});

/** Calls with an empty body, so that only the credentials can be right. */
async function attempt(nsid: string, verb: string, credential: Credential): Promise<Outcome> {
  const auth = await cast.header(credential, nsid);
  const { status, body } = await xrpc(nsid, {
    auth,
    method: verb,
    params: paramsOf(nsid, cast.member.did),
    ...(verb === "POST" ? { headers: { "content-type": "application/json" } } : {}),
  });
  expect(status, `${nsid} as ${credential}`).not.toBe(500);
  const error = String(body.error);
  return status >= 400 && REFUSALS.has(error) ? `${status} ${error}` : "ok";
}

const atproto = [...methods.values()].filter(({ nsid }) => !nsid.startsWith("app.bsky."));

test("every served method has a rule", () => {
  const hint = "say in RULES above who may call it: see CONTRIBUTING.md, “A method”";
  expect(atproto.map(({ nsid }) => nsid).toSorted(), hint).toEqual([...RULES.keys()].toSorted());
});

test.each(atproto.map((method) => [method.nsid, method] as const))("%s", async (nsid, { verb }) => {
  const tried = await Promise.all(
    CREDENTIALS.map(async (credential) => [credential, await attempt(nsid, verb, credential)] as const),
  );
  const outcomes = Object.fromEntries(tried);
  const expected = Object.fromEntries(
    CREDENTIALS.map((credential) => [credential, RULES.get(nsid)?.(credential) ?? "ok"]),
  );
  expect(outcomes).toEqual(expected);
});
