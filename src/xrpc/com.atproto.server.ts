/** `com.atproto.server.*`: accounts and their sessions. */
import {
  ComAtprotoServerActivateAccount,
  ComAtprotoServerCheckAccountStatus,
  ComAtprotoServerConfirmEmail,
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
  ComAtprotoServerRequestEmailConfirmation,
  ComAtprotoServerRequestEmailUpdate,
  ComAtprotoServerRequestPasswordReset,
  ComAtprotoServerReserveSigningKey,
  ComAtprotoServerResetPassword,
  ComAtprotoServerRevokeAppPassword,
  ComAtprotoServerUpdateEmail,
} from "@atcute/atproto";
import { confirmEmail, requestCode, requestEmailUpdate, updateEmail } from "../lifecycle/email.ts";
import { resetPassword } from "../lifecycle/password.ts";
import { activateAccount, deactivateAccount, documentFits } from "../lifecycle/states.ts";
import { Refusal, invalidRequest, isRefusal } from "../protocol/refusal.ts";
import {
  FULL,
  STANDARD,
  TAKENDOWN,
  anyone,
  member,
  owner,
  refresher,
  serviceOrAnyone,
  session,
} from "./server/policies.ts";
import { createInviteCode, createInviteCodes } from "./accounts/invitations.ts";
import { deleteAccount } from "./accounts/delete-account.ts";
import { method } from "./server/method.ts";
import { requestPasswordReset } from "./accounts/password-reset.ts";
import { consumeForMember } from "./server/rate-limits.ts";
import { inviter } from "./server/role-policies.ts";
import { mayReadEmail } from "./server/scopes.ts";
import { getServiceAuth } from "./accounts/service-grants.ts";
import { openSession, refreshSession, sessionView } from "./accounts/sessions.ts";
import { signUp } from "./accounts/sign-up.ts";

const untakenOwner = session({ scopes: FULL, checkTakedown: true });
const untakenMember = session({ checkTakedown: true });

export const comAtprotoServer = [
  method(ComAtprotoServerDescribeServer, anyone, ({ services: { host, env } }) => ({
    did: host.did,
    availableUserDomains: host.handleDomains,
    inviteCodeRequired: env.REGISTRATION !== "open",
    blobUploadLimit: Number(env.BLOB_LIMIT),
    links: {
      privacyPolicy: env.PRIVACY_URL || undefined,
      termsOfService: env.TERMS_URL || undefined,
    },
    contact: { email: env.CONTACT_EMAIL || undefined },
  })),

  method(ComAtprotoServerCreateAccount, serviceOrAnyone, ({ input, caller, services, request }) =>
    signUp(services, input, caller, request),
  ),

  method(ComAtprotoServerCreateSession, anyone, ({ input, request, services }) =>
    openSession(services, input, request),
  ),

  method(
    ComAtprotoServerGetSession,
    session({ scopes: [...STANDARD, "com.atproto.signupQueued"], checkEnded: true }),
    async ({ caller, services }) => {
      const account = await services.directory.find(caller.did);
      if (account === null || account.takedown !== null) {
        throw invalidRequest(`Could not find user info for account: ${caller.did}`);
      }
      const { email, emailConfirmed, ...view } = await sessionView(services, account);
      return caller.kind === "oauth" && !mayReadEmail(caller.permissions)
        ? view
        : {
            ...view,
            email,
            emailConfirmed,
          };
    },
  ),

  method(ComAtprotoServerRefreshSession, refresher(), ({ caller, services }) =>
    refreshSession(services, caller),
  ),

  method(ComAtprotoServerDeleteSession, refresher({ allowExpired: true }), async ({ caller, services }) => {
    try {
      await services.account(caller.did).revokeRefreshToken(caller.id);
    } catch (thrown) {
      // A deleted account has no sessions left.
      if (!isRefusal(thrown) || thrown.error !== "AccountNotFound") throw thrown;
    }
  }),

  method(ComAtprotoServerCheckAccountStatus, member, async ({ caller, services }) => {
    const { did } = caller;
    const [counts, repo, account, validDid] = await Promise.all([
      services.account(did).counts(),
      services.account(did).getRepoStatus(),
      services.directory.find(did),
      documentFits(services, did, services.host.origin),
    ]);
    return {
      // Both must hold: after a crash only one of them may be active, and the client has to activate again.
      activated: account?.status === "active" && repo.active,
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

  method(ComAtprotoServerRequestAccountDelete, untakenOwner, async ({ caller, headers, services }) => {
    await consumeForMember(services, caller.did, "delete_account", headers);
    await requestCode(services, caller.did, "delete_account");
  }),

  method(ComAtprotoServerDeleteAccount, anyone, ({ input, request, services }) =>
    deleteAccount(services, input, request),
  ),

  method(ComAtprotoServerRequestEmailConfirmation, untakenMember, async ({ caller, headers, services }) => {
    await consumeForMember(services, caller.did, "confirm_email", headers);
    await requestCode(services, caller.did, "confirm_email");
  }),

  method(ComAtprotoServerConfirmEmail, untakenMember, ({ caller, input, services }) =>
    confirmEmail(services, caller.did, input.email, input.token),
  ),

  method(ComAtprotoServerRequestEmailUpdate, untakenOwner, async ({ caller, headers, services }) => {
    await consumeForMember(services, caller.did, "update_email", headers);
    return requestEmailUpdate(services, caller.did);
  }),

  // `emailAuthFactor` belongs to the entryway; like the reference, this host has no second factor by mail.
  method(ComAtprotoServerUpdateEmail, untakenOwner, ({ caller, input, services }) =>
    updateEmail(services, caller.did, input.email, input.token),
  ),

  method(ComAtprotoServerRequestPasswordReset, anyone, ({ input, services }) =>
    requestPasswordReset(services, input.email),
  ),

  method(ComAtprotoServerResetPassword, anyone, async ({ input, services }) => {
    await resetPassword(services, input.token, input.password);
  }),

  method(ComAtprotoServerReserveSigningKey, anyone, async ({ input, services }) => ({
    signingKey: await services.directory.reservedKeys.reserve(input.did),
  })),

  method(ComAtprotoServerCreateAppPassword, untakenOwner, ({ caller, input, services }) =>
    services.account(caller.did).createAppPassword(input.name, input.privileged ?? false),
  ),

  method(ComAtprotoServerListAppPasswords, member, async ({ caller, services }) => ({
    passwords: await services.account(caller.did).listAppPasswords(),
  })),

  method(ComAtprotoServerRevokeAppPassword, untakenOwner, ({ caller, input, services }) =>
    services.account(caller.did).revokeAppPassword(input.name),
  ),

  method(
    ComAtprotoServerGetServiceAuth,
    session({ scopes: [...STANDARD, TAKENDOWN] }),
    ({ caller, params, services }) => getServiceAuth(services, caller, params),
  ),

  method(ComAtprotoServerCreateInviteCode, inviter, ({ caller, input, services }) =>
    createInviteCode(services, caller, input),
  ),

  method(ComAtprotoServerCreateInviteCodes, inviter, ({ caller, input, services }) =>
    createInviteCodes(services, caller, input),
  ),

  // `createAvailable` creates no codes: in the reference it issues those that a member has earned by the
  // host's invite interval, and this host has no such interval.
  method(ComAtprotoServerGetAccountInviteCodes, untakenOwner, async ({ caller, params, services }) => {
    const account = await services.directory.findByDid(caller.did);
    if (account?.status !== "active") throw new Refusal("NotFound", "Account not found");
    const codes = await services.directory.invites.of(caller.did);
    const shown = codes.filter(
      (code) => !code.disabled && (params.includeUsed || code.uses.length < code.available),
    );
    return { codes: shown };
  }),
];
