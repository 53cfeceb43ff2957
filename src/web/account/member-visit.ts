/** A visit to the account page by a signed-in member. */
import type { Member } from "../../identity/member.ts";
import { goTo, pathWith } from "../replies.tsx";
import type { SignedIn } from "../sign-in/browser.ts";
import type { Visit } from "../visit.ts";

export const ACCOUNT = "/account";

/** The maximum age of a sign-in for a change that could cost somebody their account. */
const CONFIRMED_MS = 15 * 60_000;

export interface MemberVisit extends Visit {
  member: Member;
  /** Whether they proved just now who they are. */
  confirmed: boolean;
  /** Whether other members are signed in on this browser. */
  others: boolean;
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
    return { ...visit, member: found.member, confirmed, others: current.length > 1 };
  }
  return goTo(
    visit,
    people.length === 0 || wanted !== null ? signInPath(backTo(visit)) : `${ACCOUNT}/choose`,
  );
}

const only = (people: SignedIn[]): SignedIn | undefined => (people.length === 1 ? people[0] : undefined);

/** The path within the account page that a visit asks for; never an address of another site. */
const backTo = ({ url }: Visit): string => (url.pathname.startsWith(`${ACCOUNT}/`) ? url.pathname : ACCOUNT);

export const signInPath = (back: string, more: Record<string, string> = {}): string =>
  pathWith(`${ACCOUNT}/sign-in`, { ...(back === ACCOUNT ? {} : { to: back }), ...more });

/** Sends a member to sign in once more, and then back to where they were. */
export function confirmFirst(visit: MemberVisit): Response {
  return goTo(visit, signInPath(backTo(visit), { again: visit.member.handle }));
}

/** A path of the account page for this member, whose name it carries if several are signed in. */
export const within = ({ others, member }: MemberVisit, path: string): string =>
  others ? pathWith(path, { as: member.did }) : path;
