/** `com.atproto.server.*`: accounts and their sessions. */
import {
  ComAtprotoServerActivateAccount,
  ComAtprotoServerCheckAccountStatus,
  ComAtprotoServerCreateAccount,
  ComAtprotoServerCreateAppPassword,
  ComAtprotoServerCreateInviteCode,
  ComAtprotoServerCreateInviteCodes,
  ComAtprotoServerCreateSession,
  ComAtprotoServerDeactivateAccount,
  ComAtprotoServerDeleteAccount,
  ComAtprotoServerDeleteSession,
  ComAtprotoServerDescribeServer,
  ComAtprotoServerGetAccountInviteCodes,
  ComAtprotoServerGetServiceAuth,
  ComAtprotoServerGetSession,
  ComAtprotoServerListAppPasswords,
  ComAtprotoServerRefreshSession,
  ComAtprotoServerRequestAccountDelete,
  ComAtprotoServerRevokeAppPassword,
} from "@atcute/atproto";
import { newInviteCode } from "../identity/invites.ts";
import { activateAccount, deactivateAccount, deleteAccount, documentFits } from "../lifecycle/states.ts";
import { Refusal, invalidRequest } from "../protocol/refusal.ts";
import {
  FULL,
  STANDARD,
  TAKENDOWN,
  admin,
  anyone,
  member,
  owner,
  refresher,
  serviceOrAnyone,
  session,
} from "./auth.ts";
import { method } from "./method.ts";
import { getServiceAuth } from "./service-grants.ts";
import { openSession, refreshSession, sessionView } from "./sessions.ts";
import { signUp } from "./sign-up.ts";

/** Bytes of the largest blob that `uploadBlob` takes. */
export const BLOB_LIMIT = 100_000_000;

const untaken = session({ scopes: FULL, checkTakedown: true });

export const comAtprotoServer = [
  method(ComAtprotoServerDescribeServer, anyone, ({ services: { host, env } }) => ({
    did: host.did,
    availableUserDomains: host.handleDomains,
    inviteCodeRequired: env.REGISTRATION !== "open",
    blobUploadLimit: BLOB_LIMIT,
    links: {},
    contact: {},
  })),

  method(ComAtprotoServerCreateAccount, serviceOrAnyone, ({ input, caller, services }) =>
    signUp(services, input, caller),
  ),

  method(ComAtprotoServerCreateSession, anyone, ({ input, services }) => openSession(services, input)),

  method(
    ComAtprotoServerGetSession,
    session({ scopes: [...STANDARD, "com.atproto.signupQueued"] }),
    async ({ caller, services }) => {
      const account = await services.directory.find(caller.did);
      if (account === null || account.takedown !== null) {
        throw invalidRequest(`Could not find user info for account: ${caller.did}`);
      }
      return sessionView(services, account);
    },
  ),

  method(ComAtprotoServerRefreshSession, refresher(), ({ caller, services }) =>
    refreshSession(services, caller),
  ),

  method(ComAtprotoServerDeleteSession, refresher({ allowExpired: true }), async ({ caller, services }) => {
    await services.account(caller.did).revokeRefreshToken(caller.id);
  }),

  method(ComAtprotoServerCheckAccountStatus, member, async ({ caller, services }) => {
    const { did } = caller;
    const [counts, account, validDid] = await Promise.all([
      services.account(did).counts(),
      services.directory.find(did),
      documentFits(services, did, services.host.origin),
    ]);
    return {
      activated: account?.state === "active",
      validDid,
      repoCommit: counts.commit.cid,
      repoRev: counts.commit.rev,
      repoBlocks: counts.repoBlocks,
      indexedRecords: counts.indexedRecords,
      privateStateValues: 0,
      expectedBlobs: counts.expectedBlobs,
      importedBlobs: counts.importedBlobs,
    };
  }),

  method(ComAtprotoServerActivateAccount, owner, ({ caller, services }) =>
    activateAccount(services, caller.did, services.host.origin),
  ),

  method(
    ComAtprotoServerDeactivateAccount,
    session({ scopes: [...FULL, TAKENDOWN] }),
    ({ caller, input, services }) => deactivateAccount(services, caller.did, input.deleteAfter ?? null),
  ),

  method(ComAtprotoServerRequestAccountDelete, untaken, async ({ caller, services }) => {
    const account = await services.directory.find(caller.did);
    if (account === null) throw invalidRequest("account not found");
    if (account.email === null) throw invalidRequest("account does not have an email address");
    const token = await services.account(caller.did).createEmailToken("delete_account");
    await services.mailer.send({
      to: account.email,
      subject: "Delete your account",
      text: `To delete the account ${account.handle} for good, enter this code: ${token}\n\nIf you did not ask for this, change your password.`,
    });
  }),

  method(ComAtprotoServerDeleteAccount, anyone, async ({ input, services }) => {
    const account = await services.directory.find(input.did);
    if (account === null) throw invalidRequest("account not found");
    const proof = await services
      .account(account.did)
      .checkPassword(input.password)
      .catch(() => undefined);
    // An app password is no proof here: only the account's own.
    if (proof !== null) throw new Refusal("AuthenticationRequired", "Invalid did or password", 401);
    await services.account(account.did).checkEmailToken("delete_account", input.token);
    await deleteAccount(services, account.did);
  }),

  method(ComAtprotoServerCreateAppPassword, untaken, ({ caller, input, services }) =>
    services.account(caller.did).createAppPassword(input.name, input.privileged ?? false),
  ),

  method(ComAtprotoServerListAppPasswords, untaken, async ({ caller, services }) => ({
    passwords: await services.account(caller.did).listAppPasswords(),
  })),

  method(ComAtprotoServerRevokeAppPassword, untaken, ({ caller, input, services }) =>
    services.account(caller.did).revokeAppPassword(input.name),
  ),

  method(
    ComAtprotoServerGetServiceAuth,
    session({ scopes: [...STANDARD, TAKENDOWN] }),
    ({ caller, params, services }) => getServiceAuth(services, caller, params),
  ),

  method(ComAtprotoServerCreateInviteCode, admin, async ({ input, services }) => {
    const { forAccount = "admin", useCount } = input;
    const code = newInviteCode(services.host.hostname);
    await services.directory.invites.create([
      { forAccount, codes: [code], uses: useCount, createdBy: "admin" },
    ]);
    return { code };
  }),

  method(ComAtprotoServerCreateInviteCodes, admin, async ({ input, services }) => {
    const { codeCount, useCount, forAccounts = ["admin"] } = input;
    if (codeCount < 1 || codeCount * forAccounts.length > 1_000) {
      throw invalidRequest("codeCount must be at least 1, and 1,000 codes are made at a time at most");
    }
    const codes = forAccounts.map((account) => ({
      account,
      codes: Array.from({ length: codeCount }, () => newInviteCode(services.host.hostname)),
    }));
    await services.directory.invites.create(
      codes.map((each) => ({
        forAccount: each.account,
        codes: each.codes,
        uses: useCount,
        createdBy: "admin",
      })),
    );
    return { codes };
  }),

  method(ComAtprotoServerGetAccountInviteCodes, untaken, async ({ caller, params, services }) => {
    const codes = await services.directory.invites.of(caller.did);
    const shown = codes.filter(
      (code) => !code.disabled && (params.includeUsed || code.uses.length < code.available),
    );
    return { codes: shown };
  }),
];
