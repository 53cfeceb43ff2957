/** A visit to the account page by a signed-in member. */
import type { Member } from "../../identity/member.ts";
import type { Role } from "../../moderation/roles.ts";
import { goTo, pathWith } from "../replies.tsx";
import type { SignedIn } from "../sign-in/browser.ts";
import type { Visit } from "../visit.ts";

export const ACCOUNT = "/account";

/** The maximum age of a sign-in for a change that could cost somebody their account. */
export const CONFIRMED_MS = 15 * 60_000;

export interface MemberVisit extends Visit {
  member: Member;
  /** Whether they proved just now who they are. */
  confirmed: boolean;
  /** Whether other members are signed in on this browser. */
  others: boolean;
  /** Their role at the host; null for all but few. */
  role: Role | null;
}

/**
 * Decides which member a page is for: `?as=` names the member if several are signed in. Otherwise redirects
 * to sign in or to choose.
 */
export async function memberVisit(visit: Visit): Promise<MemberVisit | Response> {
  const people = await visit.browser.signedIn();
  const wanted = visit.url.searchParams.get("as");
  const current = people.filter(({ stale }) => !stale);
  const found = wanted === null ? only(current) : current.find(({ member }) => member.did === wanted);
  if (found !== undefined) {
    const confirmed = Date.now() - found.at < CONFIRMED_MS;
    return { ...visit, member: found.member, confirmed, others: current.length > 1, role: found.role };
  }
  return goTo(
    visit,
    people.length === 0 || wanted !== null ? signInPath(backTo(visit)) : `${ACCOUNT}/choose`,
  );
}

const only = (people: SignedIn[]): SignedIn | undefined => (people.length === 1 ? people[0] : undefined);

/** The page that a visit asks for, if a sign-in leads back to it; never an address of another site. */
const backTo = ({ url }: Visit): string => (isWayBack(url.pathname) ? url.pathname : ACCOUNT);

/** Whether a sign-in may lead to this path: one of the account page, or of the admin's pages. */
export const isWayBack = (path: string): boolean => /^\/(account|admin)(\/[\w.:%-]+)*$/.test(path);

export const signInPath = (back: string, more: Record<string, string> = {}): string =>
  pathWith(`${ACCOUNT}/sign-in`, { ...(back === ACCOUNT ? {} : { to: back }), ...more });

/** Sends somebody to sign in, and then back to where they wanted to go. */
export const signInFirst = (visit: Visit): Response => goTo(visit, signInPath(backTo(visit)));

/** Sends a member to sign in once more, and then back to where they were. */
export function confirmFirst(visit: MemberVisit): Response {
  return goTo(visit, signInPath(backTo(visit), { again: visit.member.handle }));
}

/** A path of the account page for this member, whose name it carries if several are signed in. */
export const within = ({ others, member }: MemberVisit, path: string): string =>
  others ? pathWith(path, { as: member.did }) : path;
