/** A visit by a member who is signed in and holds a role. */
import type { Role } from "../../moderation/roles.ts";
import { type ActingCaller, actingAs } from "../../xrpc/server/role-policies.ts";
import { CONFIRMED_MS, type MemberVisit, signInFirst } from "../account/member-visit.ts";
import { errorPage } from "../replies.tsx";
import type { SignedIn } from "../sign-in/browser.ts";
import type { Visit } from "../visit.ts";

export interface RoleVisit extends MemberVisit {
  role: Role;
  /** The caller, as the functions behind the XRPC methods take it. */
  caller: ActingCaller;
}

/**
 * Decides which holder of one of these roles a page is for: `?as=`, or who signed in last. Otherwise sends
 * them to sign in, or tells them whom the page is for. Whoever is switched off holds no role.
 */
export async function roleVisit(visit: Visit, allowed: readonly Role[]): Promise<RoleVisit | Response> {
  const people = (await visit.browser.signedIn()).filter(({ stale }) => !stale);
  const wanted = visit.url.searchParams.get("as");
  const asked = people.filter(({ member }) => wanted === null || member.did === wanted);
  if (asked.length === 0) return signInFirst(visit);
  const holders = asked.filter(holdsRole);
  const found = holders.find(({ role }) => allowed.includes(role));
  if (found === undefined) return refuse(visit, holders[0]?.role ?? null, allowed);
  const { member, role, at } = found;
  return {
    ...visit,
    member,
    role,
    caller: actingAs(member.did, role),
    confirmed: Date.now() - at < CONFIRMED_MS,
    others: people.length > 1,
  };
}

const holdsRole = (person: SignedIn): person is SignedIn & { role: Role } =>
  person.role !== null && person.member.status === "active";

const PLURAL: Record<Role, string> = { owner: "owners", moderator: "moderators", inviter: "inviters" };

function refuse(visit: Visit, role: Role | null, allowed: readonly Role[]): Response {
  const whom = allowed.map((each) => PLURAL[each]).join(" and ");
  const own = role === null ? "Your account has no such role." : `Your account’s role is ${role}.`;
  return errorPage(visit, `This page is for the ${whom} of ${visit.frame.host.name}. ${own}`, {
    status: 403,
    title: "Not yours to see",
  });
}
