/** Every path of the pages. Loaded by the edge with the first request for one of them. */
import { readLogoFile } from "../lifecycle/host/logo.ts";
import { readStatus } from "../lifecycle/status.ts";
import type { Services } from "../xrpc/server/services.ts";
import { announcements } from "./account/announcements.tsx";
import { takeOver } from "./account/hand-over.tsx";
import { invites } from "./account/invites.tsx";
import { backup, downloadBackup, irregular, leave } from "./account/leaving.tsx";
import { downloadAll } from "./account/own-backup.ts";
import { memberVisit } from "./account/member-visit.ts";
import { email, handle } from "./account/names.tsx";
import { overview, welcome } from "./account/overview.tsx";
import { recovery } from "./account/recovery.tsx";
import { appPasswords, passkeys, password } from "./account/secrets.tsx";
import { apps, browsers } from "./account/sessions.tsx";
import { type Task, serveTask } from "./account/task.tsx";
import { authorize } from "./authorize/endpoint.tsx";
import { assetAt } from "./assets.ts";
import { notFound, statusPage } from "./host/host-pages.tsx";
import { type Route, serveRoute } from "./route.ts";
import { showAppeal, takeAppeal } from "./sign-in/appeal.tsx";
import { invitedBy } from "./sign-in/credentials.ts";
import { showChoice, showSignIn, showSignUp, takeChoice, takeSignIn, takeSignUp } from "./sign-in/guests.tsx";
import { addOptions, signInOptions } from "./sign-in/passkeys.ts";
import { showRequest, takeRequest } from "./sign-in/request.tsx";
import { showReset, takeReset } from "./sign-in/reset.tsx";
import { type Visit, frameOf, visitOf } from "./visit.ts";
import { entryOf } from "../protocol/json.ts";

const ofMember = (task: Task): Route => ({
  show: (visit) => serveTask(task, visit, null),
  take: (visit, fields) => serveTask(task, visit, fields),
});

const ROUTES: Readonly<Record<string, Route>> = {
  "/account/sign-in": { show: (visit) => showSignIn(visit), take: takeSignIn },
  "/account/sign-up": {
    show: (visit) => showSignUp(visit, invitedBy(visit.url.searchParams)),
    take: takeSignUp,
  },
  "/account/request": { show: showRequest, take: takeRequest },
  "/account/choose": { show: showChoice, take: takeChoice },
  "/account/appeal": { show: (visit) => showAppeal(visit), take: takeAppeal },
  "/account/reset": { show: (visit) => showReset(visit), take: takeReset },
  "/account/passkey/sign-in": { take: async (visit) => Response.json(await signInOptions(visit)) },
  "/account/passkey/add": { take: passkeyOptions },

  "/account": ofMember(overview),
  "/account/welcome": ofMember(welcome),
  "/account/handle": ofMember(handle),
  "/account/email": ofMember(email),
  "/account/password": ofMember(password),
  "/account/passkeys": ofMember(passkeys),
  "/account/browsers": ofMember(browsers),
  "/account/apps": ofMember(apps),
  "/account/app-passwords": ofMember(appPasswords),
  "/account/backup": ofMember(backup),
  "/account/backup.car": { show: downloadBackup, download: true },
  "/account/backup.tar": { show: downloadAll, download: true },
  "/account/invites": ofMember(invites),
  "/account/recovery": ofMember(recovery),
  "/account/announcements": announcements,
  "/account/hand-over": ofMember(takeOver),
  "/account/irregular": ofMember(irregular),
  "/account/leave": ofMember(leave),
};

/** Options for the page's script to pass to the browser's authenticator. */
async function passkeyOptions(visit: Visit): Promise<Response> {
  const own = await memberVisit(visit);
  if (own instanceof Response || !own.confirmed)
    return Response.json({ error: "sign in first" }, { status: 403 });
  return Response.json(await addOptions(own, own.member));
}

const LOGOS = "/account/logo/";

const isWithin = (folder: string, pathname: string) =>
  pathname === folder || pathname.startsWith(`${folder}/`);

export { failurePage } from "./host/host-pages.tsx";

export async function servePage(services: Services, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const frame = frameOf(services);
  if (pathname === "/status") return statusPage(frame, await readStatus(services));
  const asset = request.method === "GET" ? assetAt(pathname, frame.host) : null;
  if (asset !== null) return asset;
  if (pathname.startsWith(LOGOS)) {
    return (await readLogoFile(services.env, pathname.slice(LOGOS.length))) ?? notFound(frame);
  }
  if (isWithin("/setup", pathname)) {
    const { serveSetUp } = await import("./setup/routes.ts");
    return serveSetUp(await visitOf(services, request));
  }
  if (pathname === "/oauth/authorize") return authorize(await visitOf(services, request));
  if (isWithin("/admin", pathname)) {
    const { serveAdmin } = await import("./admin/routes.ts");
    return serveAdmin(pathname, () => visitOf(services, request));
  }
  const route = entryOf(ROUTES, pathname);
  if (route === undefined) return notFound(frame);
  return serveRoute(route, await visitOf(services, request));
}
