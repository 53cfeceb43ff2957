/** The only check of a member's password: createSession, deleteAccount and the sign-in page all use it. */
import type { Member } from "../../identity/member.ts";
import type { AppPasswordProof } from "../../protocol/account-station.ts";
import { authRequired, isRefusal } from "../../protocol/refusal.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import { inConstantTime } from "../server/constant-time.ts";
import { attemptSource, consumeAttempt } from "../server/rate-limits.ts";
import type { Services } from "../server/services.ts";

/**
 * Maximum length in characters. Sign-up never accepted longer passwords, and hashing them would invite denial
 * of service.
 */
const PASSWORD_MAX = 512;

/** A member who gave one of their passwords: `appPassword` is null if it was the account's own. */
export interface Proven {
  member: Member;
  appPassword: AppPasswordProof;
}

export interface Claim {
  /** Handle, DID or e-mail address, as somebody typed it. */
  identifier: string;
  password: string;
}

/** `" @Alice.Example.com\u202c"` → `alice.example.com`. A DID keeps its case. */
export function normalizeIdentifier(typed: string): string {
  const name = visibleText(typed).replace(/^@/, "");
  return name.startsWith("did:") ? name : name.toLowerCase();
}

function findMember({ directory }: Services, identifier: string): Promise<Member | null> {
  const name = normalizeIdentifier(identifier);
  return name.includes("@") ? directory.findByEmail(name) : directory.find(name);
}

/**
 * Counts the attempt, per address and per account, and finds the member. Takedowns are the caller's to judge:
 * a taken-down member still has a password. A wrong password and an unknown name are refused alike, in the
 * same time.
 * Refuses AuthenticationRequired (401), RateLimitExceeded (429).
 * @param named the word for `identifier` in the refusal
 */
export async function checkPassword(
  services: Services,
  request: Request,
  { identifier, password }: Claim,
  named: "identifier" | "did" = "identifier",
): Promise<Proven> {
  if (password.length > PASSWORD_MAX) {
    throw authRequired("Password too long. Consider resetting your password.");
  }
  await consumeAttempt(services, request);
  const wrong = () => authRequired(`Invalid ${named} or password`);
  return inConstantTime(async () => {
    const member = await findMember(services, identifier);
    if (member === null) throw wrong();
    const source = attemptSource(services, request);
    try {
      return { member, appPassword: await services.account(member.did).checkPassword(password, source) };
    } catch (thrown) {
      throw isRefusal(thrown) && thrown.status === 401 ? wrong() : thrown;
    }
  });
}
