/** Invite codes created by hand: by the admin or a role holder, or for a member. */
import type { ComAtprotoServerCreateInviteCode, ComAtprotoServerCreateInviteCodes } from "@atcute/atproto";
import { newInviteCode } from "../../identity/invites.ts";
import { ModerationAudit } from "../../moderation/audit.ts";
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";
import type { ActingCaller } from "../server/role-policies.ts";
import type { Services } from "../server/services.ts";

/** Maximum number of codes created per call. */
const CODES_MAX = 1_000;

/** Inviters create codes only for themselves; the owner and the admin create codes for anyone. */
function ownerOfCodes(caller: ActingCaller, wanted: string | undefined): string {
  if (caller.role !== "inviter") return wanted ?? "admin";
  if (wanted !== undefined && wanted !== caller.actor) {
    throw new Refusal("Forbidden", "An inviter makes codes of their own only", 403);
  }
  return caller.actor;
}

export async function createInviteCode(
  services: Services,
  caller: ActingCaller,
  { forAccount, useCount, expiresAt }: ComAtprotoServerCreateInviteCode.$input & { expiresAt?: string },
): Promise<ComAtprotoServerCreateInviteCode.$output> {
  const owner = ownerOfCodes(caller, forAccount);
  const [made] = await create(services, caller, [owner], { count: 1, uses: useCount, expiresAt });
  return { code: made?.codes[0] ?? "" };
}

export async function createInviteCodes(
  services: Services,
  caller: ActingCaller,
  { codeCount = 1, forAccounts, useCount }: ComAtprotoServerCreateInviteCodes.$input,
): Promise<ComAtprotoServerCreateInviteCodes.$output> {
  const owners = forAccounts?.map((each) => ownerOfCodes(caller, each)) ?? [ownerOfCodes(caller, undefined)];
  if (codeCount * owners.length > CODES_MAX) {
    throw invalidRequest("1,000 codes are made at a time at most");
  }
  return { codes: await create(services, caller, owners, { count: codeCount, uses: useCount }) };
}

async function create(
  { directory, env, host }: Services,
  caller: ActingCaller,
  owners: string[],
  { count, uses, expiresAt }: { count: number; uses: number; expiresAt?: string | undefined },
): Promise<{ account: string; codes: string[] }[]> {
  const made = owners.map((account) => ({
    account,
    codes: Array.from({ length: Math.max(0, count) }, () => newInviteCode(host.hostname)),
  }));
  if (caller.role === "inviter") await assertMayInvite({ directory, env }, caller, { made, uses });
  const audit = new ModerationAudit(env.DIRECTORY);
  await audit.around(
    {
      actor: caller.actor,
      action: "createInviteCodes",
      detail: { accounts: owners, count, uses, expiresAt },
    },
    async () => {
      const fits = await directory.invites.create(
        made.map(({ account, codes }) => ({
          forAccount: account,
          codes,
          uses,
          createdBy: caller.createdBy,
          expiresAt,
        })),
        caller.role === "inviter" ? { of: caller.actor, most: Number(env.INVITER_INVITES) } : undefined,
      );
      if (!fits) throw tooMany();
    },
  );
  return made;
}

const tooMany = () =>
  new Refusal("InvalidRequest", "An inviter invites no more people than the owners allow", 400);

/**
 * Asked before anything is logged, so that refusals leave nothing behind. A code for nobody, or for fewer, would
 * count for nothing, or make room for others.
 */
async function assertMayInvite(
  { directory, env }: Pick<Services, "directory" | "env">,
  { did }: ActingCaller,
  { made, uses }: { made: { codes: string[] }[]; uses: number },
): Promise<void> {
  const codes = made.reduce((sum, each) => sum + each.codes.length, 0);
  if (uses < 1 || codes < 1) throw invalidRequest("An invite is for one person or more");
  const people = did === undefined ? 0 : await directory.invites.peopleOf(did);
  if (people + codes * uses > Number(env.INVITER_INVITES)) throw tooMany();
}
