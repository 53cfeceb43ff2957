/** A request to join, as its applicant sees it. The key that opens it is in a cookie, or in the address. */
import { canMail } from "../../identity/mail/mailer.ts";
import { JoinRequests, LASTS_MS } from "../../moderation/join-requests.ts";
import { digestOf } from "../../oauth/digest.ts";
import { EndPage } from "../pages/end.tsx";
import { REQUEST_PATH, RequestPage } from "../pages/joining/request.tsx";
import { type Problem, wrong } from "../problems.ts";
import { pathWith, redirectTo, render } from "../replies.tsx";
import type { Visit } from "../visit.ts";
import { cookieOf, nameOf, ownCookie } from "./browser.ts";

const COOKIE = "atoll-request";
/** As long as a request can last, decision included. */
const COOKIE_SECONDS = (LASTS_MS.waiting + LASTS_MS.refused) / 1000;

const cookieIn = ({ services, request }: Visit): string | null =>
  cookieOf(request, nameOf(COOKIE, services)) || null;

/** Whether somebody asked to join from this browser. */
export const hasAsked = (visit: Visit): boolean => cookieIn(visit) !== null;

/** Goes to the page of a request that was just made. This browser finds it again. */
export function enterAsked(visit: Visit, key: string): Response {
  const headers = visit.browser.writeTo(new Headers());
  headers.append("set-cookie", ownCookie(COOKIE, key, COOKIE_SECONDS, visit.services));
  return redirectTo(REQUEST_PATH, headers);
}

const keyIn = (visit: Visit): string => visit.url.searchParams.get("key") ?? cookieIn(visit) ?? "";

export async function showRequest(visit: Visit, problem?: Problem): Promise<Response> {
  const { services, frame, browser, url } = visit;
  const key = keyIn(visit);
  const request = await new JoinRequests(services.env.DIRECTORY).byKey(digestOf(key));
  if (request === null) return ended(visit);
  return render(
    visit,
    <RequestPage
      {...frame}
      request={request}
      sender={{ action: `${url.pathname}${url.search}`, csrf: browser.csrf }}
      address={`${frame.host.origin}${pathWith(REQUEST_PATH, { key })}`}
      mails={canMail(services.env)}
      problem={problem}
    />,
    { status: problem === undefined ? 200 : 400 },
  );
}

/** The one thing that an applicant can do: take it back. */
export async function takeRequest(visit: Visit): Promise<Response> {
  const gone = await new JoinRequests(visit.services.env.DIRECTORY).withdraw(digestOf(keyIn(visit)));
  if (!gone) return showRequest(visit, wrong("It was decided meanwhile."));
  return render(
    visit,
    <EndPage
      {...visit.frame}
      title="Taken back"
      message="Your request is gone, and with it all that you wrote."
      way={{ href: "/", label: "To the front page" }}
    />,
  );
}

const ended = (visit: Visit): Response =>
  render(
    visit,
    <EndPage
      {...visit.frame}
      title="No request"
      message="There is no request here, or none any more: without an answer it ends after a month. You can ask again."
      way={{ href: "/account/sign-up", label: "Ask to join" }}
    />,
    { status: 404 },
  );
