/**
 * The OAuth scopes that each method requires, in one table next to the methods' policies. The rules are the
 * reference's (atproto OAuth scopes: `repo:`, `rpc:`, `blob:`, `account:`, `identity:`, `transition:*`). A
 * method outside the table belongs to another service or to this host's AppView and needs
 * `rpc:<method>?aud=<service>`; administration methods are always refused.
 */
import type { ScopePermissionsTransition } from "@atproto/oauth-scopes";
import type { Host } from "../../identity/host.ts";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";
import type { Settings } from "../../protocol/settings/list.ts";
import { defaultService, isServedHere } from "./default-service.ts";
import { isHostMethod } from "./service-tokens.ts";

export type Permissions = ScopePermissionsTransition;

type RepoAction = "create" | "update" | "delete";

/** The facts of a call that rules check before the body is read. */
export interface ScopedCall {
  nsid: string;
  request: Request;
  params: object;
  services: { host: Pick<Host, "did">; env: Pick<Settings, "APPVIEW" | "MOD_SERVICE"> };
}

export interface Rule {
  /** Decides before the body is read. */
  call?: (permissions: Permissions, on: ScopedCall) => void;
  /** Decides by the body, after validation against the method's lexicon. */
  input?: (permissions: Permissions, input: WrittenInput, nsid: string) => void;
}

/** The fields of a body that rules read. */
interface WrittenInput {
  collection?: string;
  writes?: { $type?: string; collection: string }[];
  serviceDid?: string;
}

/** Allowed with any grant. */
const ALWAYS: Rule = {};

const forbidden = (message: string) => new Refusal("Forbidden", message, 403);

const neverAllowed = () => forbidden("OAuth credentials are not supported for this endpoint");

const refusing = (refusal: () => Refusal): Rule => ({
  call: () => {
    throw refusal();
  },
});

export const NEVER = refusing(neverAllowed);

const ON_ACCOUNT_PAGE = refusing(() =>
  forbidden("Use the account manager interface to update email address associated with an account"),
);

const identity = (attr: "handle" | "*"): Rule => ({
  call: (permissions) => permissions.assertIdentity({ attr }),
});

const account = (attr: "email" | "repo" | "status", action: "read" | "manage"): Rule => ({
  call: (permissions) => permissions.assertAccount({ attr, action }),
});

const record = (...actions: RepoAction[]): Rule => ({
  input: (permissions, { collection = "" }) => {
    for (const action of actions) permissions.assertRepo({ action, collection });
  },
});

const batch: Rule = {
  input: (permissions, { writes = [] }) => {
    const asked = new Set(writes.map(({ $type = "", collection }) => `${$type.split("#")[1]} ${collection}`));
    for (const each of asked) {
      const [action, collection = ""] = each.split(" ");
      permissions.assertRepo({ action: action as RepoAction, collection });
    }
  },
};

const push: Rule = {
  input: (permissions, { serviceDid = "" }, lxm) =>
    permissions.assertRpc({ aud: `${serviceDid}#bsky_notif`, lxm }),
};

/**
 * The service a request is for: the one its header names, unless this PDS serves the method whatever the
 * header says; else the method's default service, else this host's AppView.
 */
function audienceOf({ nsid, request, services }: ScopedCall): string {
  const { env, host } = services;
  const named = isServedHere(nsid) ? null : request.headers.get("atproto-proxy");
  if (named !== null) return named;
  if (nsid === "com.atproto.moderation.createReport") return `${host.did}#atproto_labeler`;
  return defaultService(nsid, false, env) ?? `${host.did}#bsky_appview`;
}

const rpc = (...more: string[]): Rule => ({
  call: (permissions, on) => {
    const aud = audienceOf(on);
    for (const lxm of [on.nsid, ...more]) permissions.assertRpc({ aud, lxm });
  },
});

export const SERVICE = rpc();

/** A member's token for another service is allowed if the call itself would be. */
const serviceAuth: Rule = {
  call: (permissions, { params }) => {
    const { aud, lxm = "*" } = params as { aud: string; lxm?: string };
    if (isHostMethod(lxm)) throw neverAllowed();
    permissions.assertRpc({ aud, lxm });
  },
};

const blob: Rule = {
  call: (permissions, { request }) => {
    const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
    if (!type) throw invalidRequest("Request encoding (Content-Type) required but not provided");
    permissions.assertBlob({ mime: type });
  },
};

export const SCOPE_RULES: Readonly<Record<string, Rule>> = {
  "com.atproto.repo.createRecord": record("create"),
  "com.atproto.repo.putRecord": record("create", "update"),
  "com.atproto.repo.deleteRecord": record("delete"),
  "com.atproto.repo.applyWrites": batch,
  "com.atproto.repo.uploadBlob": blob,
  "com.atproto.repo.importRepo": account("repo", "manage"),
  "com.atproto.repo.listMissingBlobs": ALWAYS,

  "com.atproto.sync.getBlob": ALWAYS,
  "com.atproto.sync.getBlocks": ALWAYS,
  "com.atproto.sync.getCheckout": ALWAYS,
  "com.atproto.sync.getHead": ALWAYS,
  "com.atproto.sync.getLatestCommit": ALWAYS,
  "com.atproto.sync.getRecord": ALWAYS,
  "com.atproto.sync.getRepo": ALWAYS,
  "com.atproto.sync.getRepoStatus": ALWAYS,
  "com.atproto.sync.listBlobs": ALWAYS,

  "com.atproto.identity.getRecommendedDidCredentials": ALWAYS,
  "com.atproto.identity.requestPlcOperationSignature": identity("*"),
  "com.atproto.identity.signPlcOperation": identity("*"),
  "com.atproto.identity.submitPlcOperation": identity("*"),
  "com.atproto.identity.updateHandle": identity("handle"),

  "com.atproto.server.activateAccount": NEVER,
  "com.atproto.server.checkAccountStatus": ALWAYS,
  "com.atproto.server.confirmEmail": account("email", "manage"),
  "com.atproto.server.createAppPassword": NEVER,
  "com.atproto.server.createInviteCode": NEVER,
  "com.atproto.server.createInviteCodes": NEVER,
  "com.atproto.server.deactivateAccount": NEVER,
  "com.atproto.server.getAccountInviteCodes": NEVER,
  "com.atproto.server.getServiceAuth": serviceAuth,
  // The e-mail address in its answer needs a grant of its own (`mayReadEmail`).
  "com.atproto.server.getSession": ALWAYS,
  "com.atproto.server.listAppPasswords": NEVER,
  "com.atproto.server.requestAccountDelete": NEVER,
  "com.atproto.server.requestEmailConfirmation": account("email", "manage"),
  "com.atproto.server.requestEmailUpdate": ON_ACCOUNT_PAGE,
  "com.atproto.server.revokeAppPassword": NEVER,
  "com.atproto.server.updateEmail": ON_ACCOUNT_PAGE,

  "com.atproto.temp.checkSignupQueue": NEVER,

  "app.bsky.feed.getFeed": rpc("app.bsky.feed.getFeedSkeleton"),
  "app.bsky.notification.registerPush": push,
  "app.bsky.notification.unregisterPush": push,
};

/** Converts the scope library's error, which has a status and a message but no error name, to a `Refusal`. */
export function named(check: () => void): void {
  try {
    check();
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "ScopeMissingError") {
      throw new Refusal("ScopeMissingError", thrown.message, 403);
    }
    throw thrown;
  }
}
