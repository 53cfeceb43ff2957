/** Connects the oauth station to the rest of the host. Refuses as the XRPC methods do. */
import type { Did, Handle } from "@atcute/lexicons";
import type { Member as DirectoryMember } from "../identity/directory.ts";
import { confirmEmail, requestCode, requestEmailUpdate, updateEmail } from "../lifecycle/email.ts";
import { updateHandle } from "../lifecycle/handle.ts";
import { requestPasswordReset, resetPassword, setPassword } from "../lifecycle/password.ts";
import { activateAccount, deactivateAccount } from "../lifecycle/states.ts";
import type { Member, MemberProfile, Members, NewMember } from "../oauth/members.ts";
import { Refusal, must } from "../protocol/refusal.ts";
import { deleteMember } from "../xrpc/admin/acts.ts";
import { consumeForMember } from "../xrpc/server/rate-limits.ts";
import type { Services } from "../xrpc/server/services.ts";
import { consumeForAddress } from "../xrpc/server/address-limits.ts";
import { checkPassword, normalizeIdentifier } from "../xrpc/accounts/check-password.ts";
import { signUp } from "../xrpc/accounts/sign-up.ts";

const asMember = (account: DirectoryMember): Member => ({
  did: account.did,
  handle: account.handle,
  email: account.email,
  emailConfirmed: account.emailConfirmedAt !== null,
  deactivated: account.state === "deactivated",
  takenDown: account.takedown !== null,
});

export function membersOf(services: Services, request: Request): Members {
  const { directory } = services;
  const account = (did: Did) => services.account(did);
  return {
    ...people(services),

    signIn: (identifier, password) => signIn(services, request, identifier, password),
    async signUp({ handle, email, password, inviteCode }: NewMember) {
      consumeForAddress(request, "com.atproto.server.createAccount", services.env);
      const input = {
        handle: handle as Handle,
        email,
        password,
        ...(inviteCode === undefined ? {} : { inviteCode }),
      };
      const { did } = await signUp(services, input, null);
      return asMember(must(await directory.find(did), "the new account"));
    },

    ...changes(services, request),

    listAppPasswords: (did) => account(did).listAppPasswords(),
    createAppPassword: async (did, name, privileged) =>
      (await account(did).createAppPassword(name, privileged)).password,
    revokeAppPassword: (did, name) => account(did).revokeAppPassword(name),
    revokeSessions: (did) => account(did).revokeAllRefreshTokens(),

    exportRepo: (did) => account(did).getRepo("owner"),
    deactivate: (did) => deactivateAccount(services, did, null),
    activate: (did) => activateAccount(services, did, services.host.origin),
    async requestDeletion(did) {
      await consumeForMember(services, did, "delete_account");
      await requestCode(services, did, "delete_account");
    },
    async remove(did, code) {
      await account(did).checkEmailToken("delete_account", code);
      await deleteMember(services, did);
    },
  };
}

function people(services: Services): Pick<Members, "find" | "findAll" | "profile" | "invitation"> {
  const { directory } = services;
  return {
    async find(identifier) {
      const found = await directory.find(normalizeIdentifier(identifier));
      return found === null ? null : asMember(found);
    },
    async findAll(dids) {
      return [...(await directory.findAll(dids)).values()].map(asMember);
    },
    profile: (did) => profileOf(services, did),
    async invitation(code) {
      const giver = await directory.invites.giverOf(code);
      if (giver === null) return null;
      const account = giver === "admin" ? null : await directory.find(giver);
      return { from: account?.status === "active" ? asMember(account) : null };
    },
  };
}

function changes(
  services: Services,
  request: Request,
): Pick<
  Members,
  | "requestPasswordReset"
  | "resetPassword"
  | "setPassword"
  | "updateHandle"
  | "requestEmailUpdate"
  | "updateEmail"
  | "requestEmailConfirmation"
  | "confirmEmail"
> {
  return {
    async requestPasswordReset(email) {
      consumeForAddress(request, "com.atproto.server.requestPasswordReset", services.env);
      // Neither the answer nor its timing reveals whether an account has that address.
      const found = await services.directory.findByEmail(email);
      if (found !== null) services.defer(requestPasswordReset(services, email));
    },
    resetPassword(code, password) {
      consumeForAddress(request, "com.atproto.server.resetPassword", services.env);
      return resetPassword(services, code, password);
    },
    setPassword: (did, password) => setPassword(services, did, password),
    async updateHandle(did, handle) {
      await consumeForMember(services, did, "handle");
      await updateHandle(services, did, handle);
    },
    async requestEmailUpdate(did) {
      await consumeForMember(services, did, "update_email");
      const account = await services.directory.findByDid(did);
      if (account?.email === null) return false;
      return (await requestEmailUpdate(services, did)).tokenRequired;
    },
    updateEmail: (did, email, code) => updateEmail(services, did, email, code),
    async requestEmailConfirmation(did) {
      await consumeForMember(services, did, "confirm_email");
      await requestCode(services, did, "confirm_email");
    },
    async confirmEmail(did, code) {
      const account = await services.directory.findByDid(did);
      await confirmEmail(services, did, account?.email ?? "", code);
    },
  };
}

/** Signs in with the account's own password. */
async function signIn(
  services: Services,
  request: Request,
  identifier: string,
  password: string,
): Promise<Member> {
  const { member, appPassword } = await checkPassword(services, request, { identifier, password });
  if (appPassword !== null)
    throw new Refusal(
      "AppPasswordRefused",
      "Please use the password of your account, not an app password",
      401,
    );
  if (member.takedown !== null) throw new Refusal("AccountTakedown", "Account has been taken down", 401);
  return asMember(member);
}

/** Reads the member's profile record. The picture's path is this host's own getBlob. */
async function profileOf(services: Services, did: Did): Promise<MemberProfile> {
  const record = await services.account(did).getRecord("app.bsky.actor.profile", "self");
  const { displayName, avatar } = (record?.value ?? {}) as {
    displayName?: unknown;
    avatar?: { ref?: { $link?: unknown } };
  };
  const cid = avatar?.ref?.$link;
  return {
    name:
      typeof displayName === "string" && displayName.trim() !== "" ? displayName.trim().slice(0, 64) : null,
    picture:
      typeof cid === "string"
        ? `/xrpc/com.atproto.sync.getBlob?${new URLSearchParams({ did, cid }).toString()}`
        : null,
  };
}
