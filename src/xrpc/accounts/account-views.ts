/** Builds com.atproto.admin.defs#accountView for several accounts at once. */
import type { ComAtprotoAdminDefs } from "@atcute/atproto";
import type { Did } from "@atcute/lexicons";
import type { Services } from "../server/services.ts";

/** Returns views in the order of `dids`, without those that have no account here. */
export async function accountViews(
  { directory }: Services,
  dids: readonly Did[],
): Promise<ComAtprotoAdminDefs.AccountView[]> {
  const [accounts, invites, invitedBy] = await Promise.all([
    directory.findAll(dids),
    directory.invites.ofAll(dids),
    directory.invites.invitedBy(dids),
  ]);
  return [...new Set(dids)].flatMap((did) => {
    const account = accounts.get(did);
    if (account === undefined) return [];
    const { handle, email, emailConfirmedAt, deactivatedAt, inviteNote, createdAt, invitesDisabled } =
      account;
    const inviter = invitedBy.get(did);
    return [
      {
        did,
        handle,
        email: email ?? undefined,
        indexedAt: createdAt,
        emailConfirmedAt: emailConfirmedAt ?? undefined,
        invitedBy: inviter,
        invites: invites.get(did) ?? [],
        invitesDisabled,
        inviteNote: inviteNote ?? undefined,
        deactivatedAt: deactivatedAt ?? undefined,
      },
    ];
  });
}
