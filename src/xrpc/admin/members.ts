/** Acts upon one member's account, by whoever may: the same for XRPC and for the admin's pages. */
import type { Did, Handle } from "@atcute/lexicons";
import { checkMailAddress } from "../../identity/mail/address.ts";
import type { Member } from "../../identity/member.ts";
import { revokeCredentials as revokeCredentialsOf, signOutEverywhere } from "../../lifecycle/credentials.ts";
import { updateHandle } from "../../lifecycle/handle.ts";
import { makeResetCode } from "../../lifecycle/mailed-codes.ts";
import { deleteAccount as deleteAccountOf } from "../../lifecycle/states.ts";
import { ModerationRoles, type Role } from "../../moderation/roles.ts";
import { invalidRequest } from "../../protocol/refusal.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";
import { act, assertOutranks } from "./acts.ts";

/** Refuses InvalidRequest. */
export async function memberAt({ directory }: Services, did: Did): Promise<Member> {
  const member = await directory.findByDid(did);
  if (member === null) throw invalidRequest("Account not found");
  return member;
}

/** Refuses InvalidRequest for what is no address, or another member's. */
export async function updateAccountEmail(
  services: Services,
  caller: ActingCaller,
  { did }: Member,
  email: string,
): Promise<void> {
  checkMailAddress(email);
  await act(services, caller, "updateAccountEmail", did, {}, () => services.directory.setEmail(did, email));
}

export async function updateAccountHandle(
  services: Services,
  caller: ActingCaller,
  did: Did,
  handle: Handle,
): Promise<void> {
  await act(services, caller, "updateAccountHandle", did, { handle }, () =>
    updateHandle(services, did, handle, { allowReserved: true }),
  );
}

export async function deleteAccount(services: Services, caller: ActingCaller, did: Did): Promise<void> {
  await act(services, caller, "deleteAccount", did, {}, () => deleteAccountOf(services, did));
}

/** Stops codes, and all codes of accounts. */
export async function disableInviteCodes(
  services: Services,
  caller: ActingCaller,
  { codes = [], accounts = [] }: { codes?: string[] | undefined; accounts?: string[] | undefined },
): Promise<void> {
  await act(services, caller, "disableInviteCodes", undefined, { codes, accounts }, () =>
    services.directory.invites.disable({ codes, accounts }),
  );
}

export async function setAccountInvites(
  services: Services,
  caller: ActingCaller,
  did: Did,
  { disabled, note }: { disabled: boolean; note?: string | undefined },
): Promise<void> {
  await act(services, caller, disabled ? "disableAccountInvites" : "enableAccountInvites", did, {}, () =>
    services.directory.setInvitesDisabled(did, disabled, note),
  );
}

/** Removes passkeys and app passwords, and ends all sessions. */
export async function revokeCredentials(services: Services, caller: ActingCaller, did: Did): Promise<void> {
  await memberAt(services, did);
  await act(services, caller, "revokeCredentials", did, {}, async () => {
    await revokeCredentialsOf(services, did);
    await signOutEverywhere(services, did, null);
  });
}

/** Ends all sessions. Refuses Forbidden for a holder of a role that the caller may not act upon. */
export async function endSessions(services: Services, caller: ActingCaller, did: Did): Promise<void> {
  await memberAt(services, did);
  await assertOutranks(services, caller, did);
  await act(services, caller, "endSessions", did, {}, () => signOutEverywhere(services, did, null));
}

/** Makes a code, and the link that carries it, with which the member chooses a new password. */
export async function createResetCode(
  services: Services,
  caller: ActingCaller,
  did: Did,
): Promise<{ code: string; link: string }> {
  const member = await memberAt(services, did);
  const code = await act(services, caller, "createResetCode", did, {}, () => makeResetCode(services, member));
  return { code, link: `${services.host.origin}/account/reset?code=${code}` };
}

export async function grantRole(
  services: Services,
  caller: ActingCaller,
  did: Did,
  role: Role,
): Promise<void> {
  await memberAt(services, did);
  await act(services, caller, "grantRole", did, { role }, () =>
    new ModerationRoles(services.env.DIRECTORY).grant(did, role, caller.actor),
  );
}

export async function revokeRole(services: Services, caller: ActingCaller, did: Did): Promise<void> {
  await act(services, caller, "revokeRole", did, {}, () =>
    new ModerationRoles(services.env.DIRECTORY).revoke(did),
  );
}
