/** One member: what there is to know of them, and what can be done. */
import { isKeptOut } from "../../../appview/unwanted-names.ts";
import type { Did, Handle } from "@atcute/lexicons";
import { Refusal } from "../../../protocol/refusal.ts";
import { isDid } from "../../../protocol/syntax.ts";
import { normalizeIdentifier } from "../../../xrpc/accounts/check-password.ts";
import { deleteAndKeep } from "../../../xrpc/admin/archives.ts";
import {
  createResetCode,
  deleteAccount,
  endSessions,
  grantRole,
  memberAt,
  revokeCredentials,
  revokeRole,
  setAccountInvites,
  updateAccountEmail,
  updateAccountHandle,
} from "../../../xrpc/admin/members.ts";
import { setAccountTakedown } from "../../../xrpc/admin/subject-status.ts";
import { MODERATORS, OWNERS, outranks } from "../../../xrpc/server/role-policies.ts";
import { type Fields, lineOf } from "../../forms.ts";
import { MemberPage } from "../../pages/admin/members/member.tsx";
import type { MemberDetail } from "../../pages/admin/members/frame.ts";
import { wrong } from "../../problems.ts";
import { errorPage, goTo } from "../../replies.tsx";
import { type DeskPage, type DeskVisit, type Said, type Step, shown } from "../desk.tsx";
import { readMember } from "./reads.ts";
import { namesOf, profileIn } from "../names.ts";

/** The DID that the page is about. Refuses AccountNotFound for anything else. */
function subjectOf({ about }: DeskVisit): Did {
  if (!isDid(about)) throw new Refusal("AccountNotFound", "Account not found");
  return about;
}

/** The facts of the member's object and of the index; null where there is none. */
async function detailOf(visit: DeskVisit, did: Did): Promise<MemberDetail> {
  const { services } = visit;
  const account = services.account(did);
  const [names, counts, sizes, appPasswords] = await Promise.all([
    namesOf(services.env.APPVIEW_DB, [did]),
    account.counts().catch(() => null),
    account.sizes().catch(() => null),
    account.listAppPasswords().catch(() => []),
  ]);
  const [found, profile] = [names.get(did), profileIn(names, did)];
  return {
    profile,
    nameIsHidden: isKeptOut(services.env, profile.name ?? ""),
    posts: found?.posts ?? null,
    followers: found?.followers ?? null,
    written: found?.written ?? null,
    records: counts?.indexedRecords ?? null,
    blobs: counts?.importedBlobs ?? null,
    bytes: sizes === null ? null : sizes.repoBytes + sizes.fileBytes,
    appPasswords: appPasswords.length,
  };
}

const act =
  (take: (visit: DeskVisit, did: Did, fields: Fields) => Promise<Said | Response>): Step["take"] =>
  (visit, fields) =>
    take(visit, subjectOf(visit), fields);

const byModerator = (take: Parameters<typeof act>[0]): Step => ({ may: MODERATORS, take: act(take) });
const byOwner = (take: Parameters<typeof act>[0]): Step => ({ may: OWNERS, careful: true, take: act(take) });

/** The moderator's reference of a takedown: what they wrote, and a word that says which kind it is. */
const refOf = (kind: "SUSPEND" | "TAKEDOWN", fields: Fields): string =>
  `${kind} ${lineOf(fields, "reason")}`.trim().slice(0, 200);

const takeDown = ({ services, caller }: DeskVisit, did: Did, ref: string | null): Promise<void> =>
  setAccountTakedown(services, caller, did, ref);

const STEPS: Record<string, Step> = {
  suspend: byModerator(async (visit, did, fields) => {
    await takeDown(visit, did, refOf("SUSPEND", fields));
    return {
      done: "The account is suspended: nobody sees it, and it can do nothing. Restore it whenever you like.",
    };
  }),
  "take-down": byModerator(async (visit, did, fields) => {
    await takeDown(visit, did, refOf("TAKEDOWN", fields));
    return { done: "The account is taken down. You can restore it." };
  }),
  restore: byModerator(async (visit, did) => {
    await takeDown(visit, did, null);
    return { done: "The account is back, as it was." };
  }),
  "invites-off": byModerator(async ({ services, caller }, did) => {
    await setAccountInvites(services, caller, did, { disabled: true });
    return { done: "The member makes no more invites." };
  }),
  "invites-on": byModerator(async ({ services, caller }, did) => {
    await setAccountInvites(services, caller, did, { disabled: false });
    return { done: "The member can make invites again." };
  }),
  "end-sessions": byModerator(async ({ services, caller }, did) => {
    await endSessions(services, caller, did);
    return { done: "The member is signed out everywhere." };
  }),
  "reset-link": byOwner(async ({ services, caller }, did) => {
    const { link } = await createResetCode(services, caller, did);
    return {
      done: "Send this link to the member, by a way that nobody else reads. It works once, within 15 minutes.",
      once: { text: link, what: "the link" },
    };
  }),
  handle: byOwner(async ({ services, caller, frame }, did, fields) => {
    const wanted = normalizeIdentifier(fields.get("handle") ?? "");
    const handle = wanted.includes(".") ? wanted : `${wanted}${frame.host.handleDomains[0]}`;
    await updateAccountHandle(services, caller, did, handle as Handle);
    return { done: `The handle is now @${handle}.` };
  }),
  email: byOwner(async ({ services, caller }, did, fields) => {
    await updateAccountEmail(services, caller, await memberAt(services, did), lineOf(fields, "email"));
    return { done: "The e-mail address is changed." };
  }),
  "revoke-credentials": byOwner(async ({ services, caller }, did) => {
    await revokeCredentials(services, caller, did);
    return { done: "Passkeys and app passwords are removed, and the member is signed out everywhere." };
  }),
  role: byOwner(async ({ services, caller }, did, fields) => {
    const role = fields.get("role");
    if (role === "owner" || role === "moderator" || role === "inviter") {
      await grantRole(services, caller, did, role);
      return { done: `The member is ${role} now.` };
    }
    await revokeRole(services, caller, did);
    return { done: "The member has no role any more." };
  }),
  delete: byOwner(async (visit, did, fields) => {
    const { services, caller } = visit;
    const { handle } = await memberAt(services, did);
    if (normalizeIdentifier(fields.get("confirm") ?? "") !== handle)
      return { problem: wrong(`To delete the account, type its handle: ${handle}`, "confirm"), fields };
    const days = Number(fields.get("days") ?? "");
    if (days === 0) await deleteAccount(services, caller, did);
    else await deleteAndKeep(services, caller, did, days);
    return goTo(visit, days === 0 ? "/admin/members" : "/admin/archives");
  }),
};

export const member: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const { services, about, caller } = visit;
    const facts = isDid(about) ? await readMember(services.env.DIRECTORY, about) : null;
    if (facts === null)
      return errorPage(visit, "Nobody with this DID lives here.", { status: 404, title: "Nobody here" });
    const detail = await detailOf(visit, facts.member.did);
    const mayAct = outranks(caller, facts.role) && facts.member.did !== caller.did;
    return shown(visit, said, (frame) => (
      <MemberPage {...frame} facts={facts} detail={detail} mayAct={mayAct} wanted={said.fields} />
    ));
  },
  steps: STEPS,
};
