/** Reads an invite for its guest: who gave it, and what they asked for. */
import { inviteCodeIn } from "../../identity/invites.ts";
import type { Member } from "../../identity/member.ts";
import { type JoinRequest, JoinRequests } from "../../moderation/join-requests.ts";
import type { SignUpValues } from "../pages/joining/handle-field.tsx";
import { type MemberProfile, profileOf } from "../profiles.ts";
import type { Visit } from "../visit.ts";

interface Invitation {
  /** The member who gave it; null if the host did. */
  by: { member: Member; profile: MemberProfile } | null;
  /** The fields of the applicant whom it lets in. */
  asked?: SignUpValues;
}

/** Null if no invite is needed, or none is given. */
export async function invitationOf(
  { services, frame }: Visit,
  code: string,
): Promise<Invitation | "spent" | null> {
  const { directory, env } = services;
  const { registration, handleDomains } = frame.host;
  if (registration === "open" || registration === "closed" || code === "") return null;
  const giver = await directory.invites.giverOf(code);
  if (giver === null) return "spent";
  if (giver === "admin") {
    const request = await new JoinRequests(env.DIRECTORY).byCode(inviteCodeIn(code));
    return request === null ? { by: null } : { by: null, asked: valuesAsked(request, handleDomains) };
  }
  const member = await directory.findByDid(giver);
  if (member?.status !== "active") return null;
  return { by: { member, profile: await profileOf(services, member.did) } };
}

/** The fields that an approved applicant asked with. */
function valuesAsked({ handle, email }: JoinRequest, domains: readonly string[]): SignUpValues {
  const domain = domains.find((each) => handle.endsWith(each));
  return {
    handle: handle.slice(0, handle.length - (domain ?? "").length),
    domain,
    email: email ?? undefined,
  };
}
