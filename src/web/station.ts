/**
 * The station's entry point for the edge's `oauth.ts`, loaded with the first request to one of its routes.
 */
import {
  ACCOUNT,
  accountError,
  goTo,
  memberVisit,
  ownForm,
  showChoice,
  showSignIn,
  showSignUp,
} from "./account.tsx";
import { takeChoice, takeSignIn, takeSignUp, visitOf } from "./account.tsx";
import type { Fields, Visit } from "./account.tsx";
import { TASKS, downloadBackup, serveTask } from "./account-tasks.tsx";
import { authorize } from "./authorize.tsx";
import {
  authorizationServerMetadata,
  jwks,
  pushAuthorizationRequest,
  revoke,
  token,
} from "../oauth/endpoints.ts";
import type { OAuthContext } from "../oauth/members.ts";
import { STYLE_PATH, markSvg } from "./pages/layout.tsx";
import { PASSKEY_SCRIPT_TEXT } from "./pages/passkey-script.ts";
import { PASSKEY_SCRIPT } from "./pages/sign-in.tsx";
import { STYLE } from "./pages/style.css.ts";
import { addOptions, signInOptions } from "./passkeys.ts";
import { oauthServer } from "../oauth/provider.ts";
import { isNavigation } from "./replies.ts";
import { serveReset } from "./reset.tsx";

export { protectedResourceMetadata } from "../oauth/endpoints.ts";
export { serveLanding, serveStatus } from "./host-pages.tsx";

export async function serveMetadata(context: OAuthContext): Promise<Response> {
  return authorizationServerMetadata(await oauthServer(context));
}

export async function serveKeys(context: OAuthContext): Promise<Response> {
  return jwks(await oauthServer(context));
}

export async function serveApp(
  path: "/oauth/par" | "/oauth/token" | "/oauth/revoke",
  context: OAuthContext,
  request: Request,
): Promise<Response> {
  const server = await oauthServer(context);
  if (path === "/oauth/par") return pushAuthorizationRequest(server, request);
  if (path === "/oauth/token") return token(server, request, context.address);
  return revoke(server, request);
}

export async function serveAuthorize(context: OAuthContext, request: Request): Promise<Response> {
  return authorize(await oauthServer(context), context, request);
}

export async function serveAccount(context: OAuthContext, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const file = request.method === "GET" ? fileAt(pathname, context) : null;
  if (file !== null) return file;
  const visit = await visitOf(context, request);
  if (pathname === "/account/passkey/sign-in" || pathname === "/account/passkey/add") {
    return passkeyOptions(pathname, visit);
  }
  if (request.method === "GET") {
    // Browsers do not treat a download as a navigation; it shows nothing, so nothing can frame it.
    if (pathname !== BACKUP && !isNavigation(request))
      return accountError(visit, "This page only opens as a page of its own.");
    return showAccount(pathname, visit);
  }
  const fields = await ownForm(visit);
  return fields instanceof Response ? fields : takeAccount(pathname, visit, fields);
}

const BACKUP = "/account/backup.car";

const KEPT = { "cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff" };
const SHORTLY = { "cache-control": "public, max-age=3600", "x-content-type-options": "nosniff" };

/** Style, script and mark, the same for everybody. */
function fileAt(pathname: string, { host }: OAuthContext): Response | null {
  const file = (text: string, type: string, headers: Record<string, string>) =>
    new Response(text, { headers: { ...headers, "content-type": type } });
  if (pathname === STYLE_PATH) return file(STYLE, "text/css; charset=utf-8", KEPT);
  if (pathname === PASSKEY_SCRIPT)
    return file(PASSKEY_SCRIPT_TEXT, "text/javascript; charset=utf-8", SHORTLY);
  if (pathname === "/account/mark.svg") return file(markSvg(host), "image/svg+xml", SHORTLY);
  return null;
}

async function showAccount(pathname: string, visit: Visit): Promise<Response> {
  const { searchParams } = visit.url;
  switch (pathname) {
    case "/account/sign-in":
      return showSignIn(visit);
    case "/account/sign-up":
      return showSignUp(visit, new Map([["inviteCode", searchParams.get("invite") ?? ""]]));
    case "/account/choose":
      return visit.people.length === 0 ? goTo(visit, `${ACCOUNT}/sign-in`) : showChoice(visit);
    case "/account/reset":
      return serveReset(visit, null);
    default:
      return memberPage(pathname, visit, null);
  }
}

async function takeAccount(pathname: string, visit: Visit, fields: Fields): Promise<Response> {
  switch (pathname) {
    case "/account/sign-in":
      return takeSignIn(visit, fields);
    case "/account/sign-up":
      return takeSignUp(visit, fields);
    case "/account/choose":
      return takeChoice(visit, fields);
    case "/account/reset":
      return serveReset(visit, fields);
    default:
      return memberPage(pathname, visit, fields);
  }
}

async function memberPage(pathname: string, visit: Visit, fields: Fields | null): Promise<Response> {
  const task = Object.hasOwn(TASKS, pathname) ? TASKS[pathname] : undefined;
  const isBackup = pathname === BACKUP && fields === null;
  if (task === undefined && !isBackup)
    return accountError(visit, "There is no such page.", 404, "Nothing here");
  const own = memberVisit(visit);
  if (own instanceof Response) return own;
  if (task === undefined) return downloadBackup(own);
  return serveTask(task, own, fields, await oauthServer(visit.context));
}

/** Options for the page's script to pass to the browser's authenticator. */
async function passkeyOptions(pathname: string, visit: Visit): Promise<Response> {
  const { context, browser, request } = visit;
  if (request.method !== "POST") return accountError(visit, "There is no such page.", 404);
  const fields = await ownForm(visit);
  if (fields instanceof Response) return fields;
  if (pathname === "/account/passkey/sign-in") return Response.json(await signInOptions(context, browser));
  const own = memberVisit(visit);
  if (own instanceof Response || !own.confirmed)
    return Response.json({ error: "sign in first" }, { status: 403 });
  return Response.json(await addOptions(context, browser, own.member));
}
