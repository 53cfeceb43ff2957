/**
 * Every served method, called over HTTP with a bound token of every kind of grant, and of none: allowed and
 * refused as the reference's handlers do. The rules are written independently here. `scopes.test.ts` checks
 * the table itself against the grammar; this file checks that the table is consulted, with the right name and
 * status.
 */
import { beforeAll, expect, test } from "vitest";
import { methods } from "../../src/xrpc/methods.ts";
import type { Member } from "../support/account-host.ts";
import { HOST_DID, ORIGIN, join } from "../support/account-host.ts";
import { BoundApp } from "../support/bound-app.ts";
import { POST, PUSH, grantsOf, needOf } from "../support/grants.ts";

const GRANTS = grantsOf(HOST_DID);

let member: Member;
let app: BoundApp;
const tokens = new Map<string, string>();

beforeAll(async () => {
  member = await join();
  app = await BoundApp.of(member);
  for (const [scope] of GRANTS) tokens.set(scope, await app.token(`atproto ${scope}`.trim()));
});

function call(nsid: string, verb: string, scope: string) {
  const input = inputOf(nsid);
  return app.call(nsid, tokens.get(scope) ?? "", {
    method: verb,
    params: paramsOf(nsid),
    headers: { "content-type": contentType(nsid, verb) },
    ...(input === undefined ? {} : { input }),
  });
}

const contentType = (nsid: string, verb: string) =>
  nsid === "com.atproto.repo.uploadBlob" ? "image/png" : verb === "POST" ? "application/json" : "text/plain";

const CID = "bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

/** Inputs for methods whose permission depends on them. Allowed calls succeed, or fail for another reason. */
function inputOf(nsid: string): unknown {
  const record = { $type: POST, text: "by a grant", createdAt: "2026-01-01T00:00:00.000Z" };
  const at = { repo: member.did, collection: POST };
  const write = (action: string) => ({
    $type: `com.atproto.repo.applyWrites#${action}`,
    collection: POST,
    rkey: "3l2dmkw5ihc2y",
    ...(action === "delete" ? {} : { value: record }),
  });
  switch (nsid) {
    case "com.atproto.repo.createRecord":
      return { ...at, record };
    case "com.atproto.repo.putRecord":
      return { ...at, rkey: "3l2dmkw5ihc2y", record };
    case "com.atproto.repo.deleteRecord":
      return { ...at, rkey: "3l2dmkw5ihc22" };
    case "com.atproto.repo.applyWrites":
      return { repo: member.did, writes: ["create", "update", "delete"].map(write) };
    default:
      return PUSH.has(nsid)
        ? { serviceDid: "did:web:push.example", token: "t", platform: "web", appId: "a" }
        : undefined;
  }
}

/** Valid parameters, since they are checked before credentials. */
function paramsOf(nsid: string): Record<string, string> {
  const { did } = member;
  const uri = `at://${did}/${POST}/3l2dmkw5ihc2y`;
  if (nsid === "com.atproto.server.getServiceAuth") return { aud: `${HOST_DID}#bsky_appview`, lxm: "x.y.z" };
  return {
    ...Object.fromEntries(
      ["did", "repo", "identifier", "actor", "actors", "user", "dids", "sources", "others"].map((name) => [
        name,
        did,
      ]),
    ),
    ...Object.fromEntries(
      ["uri", "uris", "uriPatterns", "feed", "feeds", "list", "starterPack", "anchor"].map((name) => [
        name,
        uri,
      ]),
    ),
    ...Object.fromEntries(["q", "query", "tag", "term"].map((name) => [name, "word"])),
    collection: POST,
    rkey: "3l2dmkw5ihc2y",
    key: "backups/accounts",
    cid: CID,
    cids: CID,
    hostname: "example.com",
    handle: "nobody.test",
    url: ORIGIN,
    countryCode: "AQ",
    madeAt: "1",
  };
}

/** Errors that concern the credentials; any other answer means that they suffice. */
const REFUSALS = new Set([
  "AuthMissing",
  "AuthenticationRequired",
  "InvalidToken",
  "invalid_token",
  "use_dpop_nonce",
  "invalid_dpop_proof",
  "Forbidden",
  "ScopeMissingError",
]);

/** Methods that check no credentials. */
const OPEN = new Set([
  ...["describeServer", "createSession", "deleteAccount", "requestPasswordReset", "reserveSigningKey"].map(
    (name) => `com.atproto.server.${name}`,
  ),
  "com.atproto.server.resetPassword",
  ...["describeRepo", "getRecord", "listRecords"].map((name) => `com.atproto.repo.${name}`),
  ...["resolveHandle", "resolveDid", "resolveIdentity", "refreshIdentity"].map(
    (name) => `com.atproto.identity.${name}`,
  ),
  ...["getHostStatus", "getRepoStatus", "listRepos", "requestCrawl"].map(
    (name) => `com.atproto.sync.${name}`,
  ),
  // This host is its own feed generator, whose answer is the same whoever asks, mostly other AppViews.
  "app.bsky.feed.describeFeedGenerator",
  "app.bsky.feed.getFeedSkeleton",
  // This host is its own labeler, open to anyone. The reference asks another labeler, for members.
  "com.atproto.label.queryLabels",
  "com.atproto.label.subscribeLabels",
]);

type Outcome = "ok" | `${number} ${string}`;

/** Methods without OAuth tokens. They answer as the reference does to the wrong kind of credential. */
function apart(nsid: string): Outcome | null {
  if (/^(com\.atproto\.admin|internal\.atoll)\./.test(nsid)) return "401 AuthenticationRequired";
  switch (nsid.replace("com.atproto.server.", "")) {
    case "createInviteCode":
    case "createInviteCodes":
    case "createAccount":
      return "401 AuthenticationRequired";
    case "refreshSession":
    case "deleteSession":
      return "401 AuthMissing";
    default:
      return OPEN.has(nsid) ? "ok" : null;
  }
}

function expected(nsid: string, gives: (need: string, nsid: string) => boolean): Outcome {
  const need = needOf(nsid);
  if (need === "always") return "ok";
  if (need === "never") return "403 Forbidden";
  return gives(need, nsid) ? "ok" : "403 ScopeMissingError";
}

const served = [...methods.values()].map(({ nsid, verb }) => [nsid, verb] as const);

test.each(served)("%s", async (nsid, verb) => {
  const wanted: Record<string, Outcome> = {};
  const found: Record<string, Outcome> = {};
  for (const [scope, gives] of GRANTS) {
    wanted[scope] = apart(nsid) ?? expected(nsid, gives);
    const { status, body } = await call(nsid, verb, scope);
    const error = String(body.error);
    found[scope] = status >= 400 && REFUSALS.has(error) ? `${status} ${error}` : "ok";
    expect(status, `${nsid} with “${scope}”: ${JSON.stringify(body)}`).not.toBe(500);
    // Invalid parameters would hide the outcome.
    expect(JSON.stringify(body), nsid).not.toContain(`Invalid ${nsid} params`);
  }
  expect(found).toEqual(wanted);
});
