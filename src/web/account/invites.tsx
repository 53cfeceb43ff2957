/** A member's invites: as many as the owner of the host allows. */
import type { Did } from "@atcute/lexicons";
import { type InviteCode, newInviteCode } from "../../identity/invites.ts";
import { ModerationRoles } from "../../moderation/roles.ts";
import { consumeForMember } from "../../xrpc/server/rate-limits.ts";
import type { Services } from "../../xrpc/server/services.ts";
import { type InviteView, InvitesPage } from "../pages/account/invites.tsx";
import { wrong } from "../problems.ts";
import type { MemberVisit } from "./member-visit.ts";
import type { Task } from "./task.tsx";
import { shown } from "./task.tsx";

/** Maximum number of codes of an owner on this page; the admin's has no limit. */
const OWNER_MAX = 1_000;
/** Maximum number of codes on the page; the newest are shown. */
const SHOWN_MAX = 100;

/** How many codes a member may make in all; null if invites are not how people join here. */
async function allowance({ services, member }: MemberVisit): Promise<number | null> {
  if (services.env.REGISTRATION !== "invite") return null;
  if (member.invitesDisabled || member.status !== "active") return 0;
  const role = await new ModerationRoles(services.env.DIRECTORY).of(member.did);
  const { MEMBER_INVITES, INVITER_INVITES } = services.env;
  return role === "owner" ? OWNER_MAX : Number(role === "inviter" ? INVITER_INVITES : MEMBER_INVITES);
}

/** How many codes are left to make; null if there is nothing to show about invites. */
export async function invitesLeft(visit: MemberVisit): Promise<number | null> {
  const [most, made] = await Promise.all([
    allowance(visit),
    visit.services.directory.invites.madeBy(visit.member.did),
  ]);
  if (most === null || (most === 0 && made === 0)) return null;
  return Math.max(0, most - made);
}

export const invites: Task = {
  show: async (visit, said) => {
    const [left, codes] = await Promise.all([
      invitesLeft(visit),
      visit.services.directory.invites.of(visit.member.did),
    ]);
    const list = await viewsOf(visit.services, visit.member.did, codes.toReversed().slice(0, SHOWN_MAX));
    return shown(visit, said, (frame) => <InvitesPage {...frame} left={left} invites={list} />);
  },
  steps: {
    create: async (visit) => {
      const { services, member } = visit;
      await consumeForMember(services, member.did, "invite");
      const most = (await allowance(visit)) ?? 0;
      const code = newInviteCode(services.host.hostname);
      return (await services.directory.invites.give(member.did, code, most))
        ? { done: "Here is a new invite. Send its link to whom you want to have here." }
        : { problem: wrong("You have no invites left.") };
    },
    withdraw: async ({ services, member }, fields) => {
      await consumeForMember(services, member.did, "invite");
      return (await services.directory.invites.withdraw(member.did, fields.get("code") ?? ""))
        ? { done: "The invite is withdrawn: its link lets nobody in." }
        : { problem: wrong("This invite was used already, or is not yours to withdraw.") };
    },
  },
};

async function viewsOf({ directory, host }: Services, did: Did, codes: InviteCode[]): Promise<InviteView[]> {
  const users = await directory.findAll(codes.flatMap(({ uses }) => uses.map(({ usedBy }) => usedBy)));
  return codes.map(({ code, available, disabled, createdBy, uses }) => ({
    code,
    link: `${host.origin}/join/${code}`,
    open: !disabled && uses.length < available,
    left: Math.max(0, available - uses.length),
    own: createdBy === did && uses.length === 0,
    users: uses.map(({ usedBy, usedAt }) => ({ handle: users.get(usedBy)?.handle ?? null, at: usedAt })),
  }));
}
