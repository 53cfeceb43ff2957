/** The account page for somebody who is not signed in yet: sign in, sign up, or choose among accounts. */
import type { Member } from "../../identity/member.ts";
import { askToJoin } from "../../xrpc/accounts/ask-to-join.ts";
import { ACCOUNT, isWayBack, signInPath } from "../account/member-visit.ts";
import { type Fields, lineOf } from "../forms.ts";
import { ChoosePage } from "../pages/choose.tsx";
import { SignInPage } from "../pages/sign-in.tsx";
import type { SignUpValues } from "../pages/joining/handle-field.tsx";
import { SignUpPage } from "../pages/sign-up.tsx";
import { type Problem, problemOf, wrong } from "../problems.ts";
import { profilesOf } from "../profiles.ts";
import { goTo, pathWith, render } from "../replies.tsx";
import type { Visit } from "../visit.ts";
import { OTHER_DOMAIN, handleIn, signIn, signInByKey, signUp, valuesOf } from "./credentials.ts";
import { invitationOf } from "./invitation.ts";
import { enterAsked, hasAsked } from "./request.tsx";

/** Paths of the app, with what they ask for. */
const APP_PATH =
  /^\/((profile|hashtag|starter-pack|search|notifications|saved|intent|app)([/?][^\s\\]*)?|\?tab=[a-z]+)?$/;

/** Accepts `to` only if it is a path of ours, since it comes from the address. */
const destination = (to: string | null | undefined): string =>
  to && (isWayBack(to) || APP_PATH.test(to)) ? to : ACCOUNT;

function senderOf({ browser, url }: Visit) {
  const to = destination(url.searchParams.get("to"));
  const again = url.searchParams.get("again");
  return {
    action: again === null ? url.pathname : pathWith(url.pathname, { again }),
    csrf: browser.csrf,
    carried: { to },
  };
}

export async function showSignIn(visit: Visit, identifier?: string, problem?: Problem): Promise<Response> {
  const { searchParams } = visit.url;
  const again = searchParams.get("again") ?? undefined;
  const people = again === undefined ? await visit.browser.signedIn() : [];
  return render(
    visit,
    <SignInPage
      {...visit.frame}
      sender={senderOf(visit)}
      app={null}
      identifier={identifier ?? again}
      problem={problem}
      signUp={visit.frame.host.registration === "closed" || again !== undefined ? null : `${ACCOUNT}/sign-up`}
      choose={people.length === 0 ? null : `${ACCOUNT}/choose`}
      again={again !== undefined}
    />,
    { status: problem === undefined ? 200 : 400 },
  );
}

export async function takeSignIn(visit: Visit, fields: Fields): Promise<Response> {
  const outcome =
    fields.get("step") === "passkey"
      ? await signInByKey(visit, fields, null)
      : await signIn(visit, fields, null);
  if ("problem" in outcome) return showSignIn(visit, fields.get("identifier"), outcome.problem);
  return goTo(visit, await ownPath(visit, outcome.member, fields.get("to")));
}

/** Checks a prefilled invite first: who gave it, and whether it is still valid. */
export async function showSignUp(visit: Visit, fields: Fields, problem?: Problem): Promise<Response> {
  const invitation = await invitationOf(visit, lineOf(fields, "inviteCode"));
  const said = problem ?? (invitation === "spent" ? SPENT_INVITE : undefined);
  return render(
    visit,
    <SignUpPage
      {...visit.frame}
      sender={senderOf(visit)}
      app={null}
      values={{ ...(invitation === "spent" ? {} : invitation?.asked), ...given(valuesOf(fields)) }}
      inviter={invitation === "spent" ? null : invitation?.by}
      problem={said}
      signIn={`${ACCOUNT}/sign-in`}
      withInvite={`${ACCOUNT}/sign-up?invite=`}
      hasAsked={hasAsked(visit)}
    />,
    { status: said === undefined ? 200 : 400 },
  );
}

const SPENT_INVITE = wrong(
  "This invite was used up, or never was one. Please ask whoever gave it to you for another.",
  "inviteCode",
);

/** The fields that somebody filled in, without the empty ones. */
const given = (values: SignUpValues): SignUpValues =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

export async function takeSignUp(visit: Visit, fields: Fields): Promise<Response> {
  if (fields.get("step") === "ask") return takeAsk(visit, fields);
  const outcome = await signUp(visit, fields, null);
  if ("problem" in outcome) return showSignUp(visit, fields, outcome.problem);
  return goTo(visit, await ownPath(visit, outcome.member, `${ACCOUNT}/welcome`));
}

/** Asks to join, and goes to the page where the applicant sees how it stands. */
async function takeAsk(visit: Visit, fields: Fields): Promise<Response> {
  const { services, request, frame } = visit;
  const handle = handleIn(fields, frame.host);
  const reason = (fields.get("reason") ?? "").trim();
  if (handle === null) return showSignUp(visit, fields, OTHER_DOMAIN);
  try {
    const asked = { handle, email: lineOf(fields, "email"), reason };
    return enterAsked(visit, await askToJoin(services, request, asked));
  } catch (thrown) {
    return showSignUp(visit, fields, problemOf(thrown, fields.keys()));
  }
}

export async function showChoice(visit: Visit): Promise<Response> {
  const people = await visit.browser.signedIn();
  if (people.length === 0) return goTo(visit, `${ACCOUNT}/sign-in`);
  const profiles = await profilesOf(
    visit.services,
    people.map(({ member }) => member),
  );
  return render(
    visit,
    <ChoosePage
      {...visit.frame}
      sender={{ action: `${ACCOUNT}/choose`, csrf: visit.browser.csrf }}
      app={null}
      people={people.map(({ member, stale }, index) => ({ member, stale, profile: profiles[index] }))}
      other={`${ACCOUNT}/sign-in`}
    />,
  );
}

export async function takeChoice(visit: Visit, fields: Fields): Promise<Response> {
  const people = await visit.browser.signedIn();
  const chosen = people.find(({ member }) => member.did === fields.get("did"));
  if (chosen === undefined) return goTo(visit, `${ACCOUNT}/sign-in`);
  if (chosen.stale) return goTo(visit, signInPath(ACCOUNT, { again: chosen.member.handle }));
  return goTo(visit, await ownPath(visit, chosen.member, undefined));
}

/** The member's own page, with `?as=` if somebody else is signed in here as well. */
async function ownPath({ browser }: Visit, { did }: Member, to: string | undefined): Promise<string> {
  const path = destination(to);
  // The app is for who signed in last.
  if (APP_PATH.test(path)) return path;
  const people = await browser.signedIn();
  return people.some(({ member }) => member.did !== did) ? pathWith(path, { as: did }) : path;
}
