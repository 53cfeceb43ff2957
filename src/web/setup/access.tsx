/**
 * Decides who may set the host up: whoever has the code, in one browser; once there is an owner, the owner.
 */
import { isUnset } from "../../identity/host.ts";
import { SetUp, type SetUpState } from "../../lifecycle/host/set-up.ts";
import { ModerationRoles } from "../../moderation/roles.ts";
import { sameSecret } from "../../oauth/digest.ts";
import { codeOf } from "../../protocol/settings/values.ts";
import { countSetUpGuess } from "../../xrpc/server/rate-limits.ts";
import type { Fields } from "../forms.ts";
import { ClaimPage, type ClaimView } from "../pages/setup/claim.tsx";
import { EndPage } from "../pages/end.tsx";
import { type Problem, problemOf, wrong } from "../problems.ts";
import { redirectTo, render } from "../replies.tsx";
import { cookieOf, nameOf, ownCookie } from "../sign-in/browser.ts";
import type { Visit } from "../visit.ts";

export const SETUP = "/setup";

export interface SetUpVisit extends Visit {
  setUp: SetUp;
  state: SetUpState;
  /** The actor in the audit log: a DID, or `setup`. */
  actor: string;
}

const COOKIE = "atoll-setup";
/** As long as anybody may take over it. */
const COOKIE_SECONDS = 30 * 24 * 60 * 60;

/** A redirect that gives this browser the secret of set-up. */
export function enter(visit: Visit, secret: string): Response {
  const headers = visit.browser.writeTo(new Headers());
  headers.append("set-cookie", ownCookie(COOKIE, secret, COOKIE_SECONDS, visit.services));
  return redirectTo(SETUP, headers);
}

/** The visit of somebody who may set the host up, or what they see instead. */
export async function setUpVisit(visit: Visit): Promise<SetUpVisit | Response> {
  const { services, request } = visit;
  const setUp = new SetUp(services.env);
  const { isHere, ...state } = await setUp.read(cookieOf(request, nameOf(COOKIE, services)));
  if (state.finished && !isUnset(services.env)) return alreadyDone(visit);
  if (isHere) return { ...visit, setUp, state, actor: "setup" };
  const owner = state.begun && !isUnset(services.env) ? await ownerOn(visit) : null;
  if (owner !== null) return { ...visit, setUp, state, actor: owner };
  return claim(visit, state);
}

/** An owner who is signed in on this browser; null if there is none. */
async function ownerOn({ browser, services }: Visit): Promise<string | null> {
  const roles = new ModerationRoles(services.env.DIRECTORY);
  for (const { member, stale } of await browser.signedIn()) {
    if (!stale && member.status === "active" && (await roles.of(member.did)) === "owner") return member.did;
  }
  return null;
}

function alreadyDone(visit: Visit): Response {
  return render(
    visit,
    <EndPage
      {...visit.frame}
      title="This host is set up"
      message="Its owner changes it on the admin pages."
      way={{ href: "/admin", label: "To the admin pages" }}
    />,
  );
}

function claim(visit: Visit, state: SetUpState, problem?: Problem): Response {
  const view = viewOf(visit, state);
  if (view === "done") return alreadyDone(visit);
  const sender = { action: SETUP, csrf: visit.browser.csrf };
  return render(visit, <ClaimPage {...visit.frame} view={view} sender={sender} problem={problem} />, {
    status: problem === undefined ? 200 : 400,
  });
}

function viewOf({ services: { env } }: Visit, { openByCode, owned, begun }: SetUpState): ClaimView | "done" {
  if (openByCode) return begun ? "elsewhere" : "code";
  if (isUnset(env)) return "no code";
  return owned && begun ? "owner" : "done";
}

/** Takes the code. Whoever has it goes on in this browser. */
export async function takeCode(visit: Visit, fields: Fields): Promise<Response> {
  const { services, request } = visit;
  const setUp = new SetUp(services.env);
  const state = await setUp.read(null);
  if (!state.openByCode) return claim(visit, state);
  try {
    await countSetUpGuess(services, request);
  } catch (thrown) {
    const { message, field } = problemOf(thrown);
    return claim(visit, state, { message: `${message} A new SETUP_CODE opens it at once.`, field });
  }
  if (!sameSecret(codeOf(fields.get("code") ?? ""), services.env.SETUP_CODE)) {
    return claim(visit, state, wrong("This is not the code.", "code"));
  }
  return enter(visit, await setUp.open());
}

/** Takes the pass by which somebody comes from the address where they began. */
export async function takePass(visit: Visit): Promise<Response> {
  const secret = await new SetUp(visit.services.env).takePass(visit.url.searchParams.get("pass") ?? "");
  return secret === null ? redirectTo(SETUP, visit.browser.writeTo(new Headers())) : enter(visit, secret);
}
