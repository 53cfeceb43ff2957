/** The pages of an authorization, and which of them comes next. */
import type { Member } from "../../identity/member.ts";
import { normalizeIdentifier } from "../../xrpc/accounts/check-password.ts";
import type { Fields } from "../forms.ts";
import { ChoosePage } from "../pages/choose.tsx";
import { ConsentPage } from "../pages/consent.tsx";
import { askedFor } from "../consent/scope-words.ts";
import { SignInPage } from "../pages/sign-in.tsx";
import { SignUpPage } from "../pages/sign-up.tsx";
import { SwitchedOffPage } from "../pages/switched-off.tsx";
import type { Problem } from "../problems.ts";
import { profileOf, profilesOf } from "../profiles.ts";
import type { SignedIn } from "../sign-in/browser.ts";
import { invitedBy, valuesOf } from "../sign-in/credentials.ts";
import { appOf } from "./app-name.ts";
import { type Asking, type Turn, mustSignIn, pathTo, senderOf, showTo } from "./turn.tsx";

type Sets = Parameters<typeof askedFor>[1];

/**
 * Picks the next page: the one that the address asks for, if it is available; else the one that the app
 * wished for.
 */
export async function showStep(
  turn: Turn,
  asking: Asking,
  sets: Sets,
  hint: string | undefined,
): Promise<Response> {
  const { searchParams } = turn.url;
  const { prompt, login_hint: hinting } = asking.parameters;
  const wanted = hinting === undefined ? undefined : normalizeIdentifier(hinting);
  const people = await turn.browser.signedIn();
  const as = searchParams.get("as");
  const wish = searchParams.get("page") ?? (prompt === "create" && as === null ? "sign-up" : null);
  if (wish === "sign-up") return signUpPage(turn, asking, invitedBy(searchParams));
  if (wish === "sign-in") return signInPage(turn, asking, people, as ?? hint);
  const chosen = people.find(({ member }) => member.did === as);
  if (chosen !== undefined) return stepOf(turn, asking, people, chosen, sets);
  const hinted = people.find(({ member }) => member.did === wanted || member.handle === wanted);
  if (wish === null && hinted !== undefined && prompt !== "select_account")
    return stepOf(turn, asking, people, hinted, sets);
  const none = people.length === 0 || (wanted !== undefined && hinted === undefined);
  return none && wish === null ? signInPage(turn, asking, people, hint) : choosePage(turn, asking, people);
}

function stepOf(turn: Turn, asking: Asking, people: SignedIn[], chosen: SignedIn, sets: Sets) {
  return mustSignIn(asking, chosen)
    ? signInPage(turn, asking, people, chosen.member.handle)
    : consentPage(turn, asking, chosen.member, sets);
}

export function signInPage(
  turn: Turn,
  asking: Asking,
  people: SignedIn[],
  identifier?: string,
  problem?: Problem,
): Response {
  return showTo(
    turn,
    asking,
    <SignInPage
      {...turn.frame}
      sender={senderOf(turn, asking)}
      app={appOf(asking.client)}
      identifier={identifier}
      problem={problem}
      signUp={turn.frame.host.registration === "closed" ? null : pathTo(asking, { page: "sign-up" })}
      choose={people.length === 0 ? null : pathTo(asking, { page: "choose" })}
    />,
    problem === undefined ? 200 : 400,
  );
}

export function signUpPage(turn: Turn, asking: Asking, fields: Fields, problem?: Problem): Response {
  return showTo(
    turn,
    asking,
    <SignUpPage
      {...turn.frame}
      sender={senderOf(turn, asking)}
      app={appOf(asking.client)}
      values={valuesOf(fields)}
      problem={problem}
      signIn={pathTo(asking, { page: "sign-in" })}
      withInvite={pathTo(asking, { page: "sign-up", invite: "" })}
    />,
    problem === undefined ? 200 : 400,
  );
}

async function choosePage(turn: Turn, asking: Asking, people: SignedIn[]): Promise<Response> {
  const profiles = await profilesOf(
    turn.services,
    people.map(({ member }) => member),
  );
  return showTo(
    turn,
    asking,
    <ChoosePage
      {...turn.frame}
      sender={senderOf(turn, asking)}
      app={appOf(asking.client)}
      people={people.map(({ member, stale }, index) => ({ member, stale, profile: profiles[index] }))}
      other={pathTo(asking, { page: "sign-in" })}
    />,
  );
}

/** Apps get no code for an account that is switched off. */
export async function switchedOffPage(
  turn: Turn,
  asking: Asking,
  member: Member,
  problem?: Problem,
): Promise<Response> {
  return showTo(
    turn,
    asking,
    <SwitchedOffPage
      {...turn.frame}
      sender={senderOf(turn, asking)}
      app={appOf(asking.client)}
      member={member}
      profile={await profileOf(turn.services, member.did)}
      problem={problem}
      other={pathTo(asking, { page: "choose" })}
    />,
    problem === undefined ? 200 : 400,
  );
}

async function consentPage(turn: Turn, asking: Asking, member: Member, sets: Sets): Promise<Response> {
  if (member.state === "deactivated") return switchedOffPage(turn, asking, member);
  return showTo(
    turn,
    asking,
    <ConsentPage
      {...turn.frame}
      sender={senderOf(turn, asking)}
      app={appOf(asking.client)}
      member={member}
      profile={await profileOf(turn.services, member.did)}
      asked={askedFor(asking.parameters.scope ?? "atproto", sets)}
      other={pathTo(asking, { page: "choose" })}
    />,
  );
}
