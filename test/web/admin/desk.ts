/** People at the admin's desk: one of each role, signed in on browsers of their own. */
import type { Role } from "../../../src/moderation/roles.ts";
import { type Member, asAdmin, join } from "../../support/account-host.ts";
import { Visitor } from "../../support/visitor.ts";

export interface Holder {
  member: Member;
  visitor: Visitor;
}

export async function signedIn(): Promise<Holder> {
  const member = await join();
  const visitor = new Visitor();
  await visitor.signIn(member.handle, member.password);
  return { member, visitor };
}

export async function holderOf(role: Role): Promise<Holder> {
  const holder = await signedIn();
  await asAdmin("internal.atoll.admin.grantRole", { input: { did: holder.member.did, role } });
  return holder;
}
