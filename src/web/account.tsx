/** The account page: members view and change their own account in a browser, without any app. */
import type { Child } from "hono/jsx";
import { Browser, type SignedIn } from "./devices.ts";
import { randomHex } from "../oauth/digest.ts";
import { readForm } from "./forms.ts";
import type { Member, OAuthContext } from "../oauth/members.ts";
import { EndPage } from "./pages/consent.tsx";
import { documentOf, type Frame } from "./pages/layout.tsx";
import { ChoosePage, SignInPage, SignUpPage } from "./pages/sign-in.tsx";
import { page, pathWith, redirectTo } from "./replies.ts";
import { NOBODY, profilesOf, signIn, signInByKey, signUp, valuesOf } from "./signing-in.ts";

export const ACCOUNT = "/account";

/** The maximum age of a sign-in for a change that could cost somebody their account. */
const CONFIRMED_MS = 15 * 60_000;

/** One request to the account page. */
export interface Visit {
  context: OAuthContext;
  request: Request;
  url: URL;
  browser: Browser;
  frame: Frame;
  people: SignedIn[];
}

/** A visit by a signed-in member. */
export interface MemberVisit extends Visit {
  member: Member;
  /** Whether they proved just now who they are. */
  confirmed: boolean;
}

export type Fields = ReadonlyMap<string, string>;

export async function visitOf(context: OAuthContext, request: Request): Promise<Visit> {
  const browser = await Browser.of(context, request);
  const frame = { host: context.host, nonce: randomHex(16) };
  return { context, request, url: new URL(request.url), browser, frame, people: await browser.signedIn() };
}

export function render(visit: Visit, tree: Child, status = 200): Response {
  const headers = new Headers();
  visit.browser.writeTo(headers);
  return page(documentOf(tree), visit.context, { headers, status, nonce: visit.frame.nonce });
}

export function goTo(visit: Visit, path: string): Response {
  const headers = new Headers();
  visit.browser.writeTo(headers);
  return redirectTo(path, headers);
}

export function accountError(
  visit: Visit,
  message: string,
  status = 400,
  title = "This did not work",
): Response {
  return render(visit, <EndPage {...visit.frame} title={title} message={message} />, status);
}

/** The posted form if one of our own pages sent it, else the error page. */
export async function ownForm(visit: Visit): Promise<Fields | Response> {
  const fields = await readForm(visit.request);
  if (fields !== null && visit.browser.isOurForm(fields.get("csrf") ?? null)) return fields;
  return accountError(
    visit,
    "The form was not sent from this page, or your browser keeps no cookies. Please go back, load the page again, and try once more.",
    403,
  );
}

/**
 * Decides which member a page is for: `?as=` names the member if several are signed in. Otherwise redirects
 * to sign in or to choose.
 */
export function memberVisit(visit: Visit): MemberVisit | Response {
  const { people, url } = visit;
  const wanted = url.searchParams.get("as");
  const current = people.filter(({ stale }) => !stale);
  const found =
    wanted === null
      ? current.length === 1
        ? current[0]
        : undefined
      : current.find(({ member }) => member.did === wanted);
  if (found !== undefined) {
    return { ...visit, member: found.member, confirmed: Date.now() - found.at < CONFIRMED_MS };
  }
  const back = backTo(visit);
  return goTo(visit, people.length === 0 || wanted !== null ? signInPath(back) : `${ACCOUNT}/choose`);
}

/** The path within the account page that a visit asks for; never an address of another site. */
function backTo({ url }: Visit): string {
  const path = url.pathname.startsWith(`${ACCOUNT}/`) ? url.pathname : ACCOUNT;
  return path;
}

const signInPath = (back: string, more: Record<string, string> = {}) =>
  pathWith(`${ACCOUNT}/sign-in`, { ...(back === ACCOUNT ? {} : { to: back }), ...more });

/** Sends a member to sign in once more, and then back to where they were. */
export function confirmFirst(visit: MemberVisit): Response {
  return goTo(visit, signInPath(backTo(visit), { again: visit.member.handle }));
}

/** A path of the account page; names the member if several are signed in. */
export function within({ people, member }: MemberVisit, path: string): string {
  return people.filter(({ stale }) => !stale).length > 1
    ? `${path}?as=${encodeURIComponent(member.did)}`
    : path;
}

/** Accepts `to` only if it is a path of ours, since it comes from the address. */
function destination(to: string | null | undefined): string {
  return to && /^\/account(\/[a-z-]+)?$/.test(to) ? to : ACCOUNT;
}

function senderOf({ browser, url }: Visit) {
  const to = destination(url.searchParams.get("to"));
  const again = url.searchParams.get("again");
  return {
    action: again === null ? url.pathname : pathWith(url.pathname, { again }),
    csrf: browser.csrf,
    carried: { to },
  };
}

export function showSignIn(visit: Visit, identifier?: string, problem?: string): Response {
  const again = visit.url.searchParams.get("again") ?? undefined;
  return render(
    visit,
    <SignInPage
      {...visit.frame}
      sender={senderOf(visit)}
      app={null}
      identifier={identifier ?? again}
      done={
        problem === undefined && visit.url.searchParams.get("new") === "password"
          ? "Your new password is set. Please sign in with it."
          : null
      }
      problem={problem}
      signUp={
        visit.context.host.registration === "closed" || again !== undefined ? null : `${ACCOUNT}/sign-up`
      }
      choose={visit.people.length === 0 || again !== undefined ? null : `${ACCOUNT}/choose`}
      again={again !== undefined}
    />,
    problem === undefined ? 200 : 400,
  );
}

/** Checks a prefilled invite first: who gave it, and whether it is still valid. */
export async function showSignUp(visit: Visit, fields: Fields, problem?: string): Promise<Response> {
  const { members, host } = visit.context;
  const code = (fields.get("inviteCode") ?? "").trim();
  const looked = host.registration === "invite" && code !== "";
  const invitation = looked ? await members.invitation(code) : null;
  const from = invitation?.from ?? null;
  const stale = looked && invitation === null ? SPENT_INVITE : undefined;
  const said = problem ?? stale;
  return render(
    visit,
    <SignUpPage
      {...visit.frame}
      sender={senderOf(visit)}
      app={null}
      values={valuesOf(fields)}
      inviter={from && { member: from, profile: await members.profile(from.did).catch(() => NOBODY) }}
      problem={said}
      signIn={`${ACCOUNT}/sign-in`}
    />,
    said === undefined ? 200 : 400,
  );
}

const SPENT_INVITE =
  "This invite was used up, or never was one. Please ask whoever gave it to you for another.";

export async function showChoice(visit: Visit): Promise<Response> {
  const profiles = await profilesOf(
    visit.context,
    visit.people.map(({ member }) => member),
  );
  return render(
    visit,
    <ChoosePage
      {...visit.frame}
      sender={{ action: `${ACCOUNT}/choose`, csrf: visit.browser.csrf }}
      app={null}
      people={visit.people.map(({ member, stale }) => ({
        member,
        stale,
        profile: profiles.get(member.did) ?? NOBODY,
      }))}
      other={`${ACCOUNT}/sign-in`}
    />,
  );
}

/** Handles the forms of the pages above. */
export async function takeSignIn(visit: Visit, fields: Fields): Promise<Response> {
  const { context, browser } = visit;
  const byKey = fields.get("step") === "passkey";
  const outcome = byKey
    ? await signInByKey(context, browser, fields, null)
    : await signIn(context, browser, fields, null);
  if ("problem" in outcome) return showSignIn(visit, fields.get("identifier"), outcome.problem);
  return goTo(visit, toOwn(visit, outcome.member, fields.get("to")));
}

export async function takeSignUp(visit: Visit, fields: Fields): Promise<Response> {
  const outcome = await signUp(visit.context, visit.browser, fields, null);
  if ("problem" in outcome) return showSignUp(visit, fields, outcome.problem);
  return goTo(visit, toOwn(visit, outcome.member, `${ACCOUNT}/welcome`));
}

export function takeChoice(visit: Visit, fields: Fields): Response {
  const chosen = visit.people.find(({ member }) => member.did === fields.get("did"));
  if (chosen === undefined) return goTo(visit, `${ACCOUNT}/sign-in`);
  if (chosen.stale) return goTo(visit, signInPath(ACCOUNT, { again: chosen.member.handle }));
  return goTo(visit, toOwn(visit, chosen.member, undefined));
}

/** The member's own page, with `?as=` if somebody else is signed in here as well. */
function toOwn({ people }: Visit, { did }: Member, to: string | undefined): string {
  const path = destination(to);
  return people.some(({ member }) => member.did !== did) ? `${path}?as=${encodeURIComponent(did)}` : path;
}
