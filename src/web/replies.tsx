/** Responses to a browser: pages and redirects. */
import type { Child } from "hono/jsx";
import { type Fields, readForm } from "./forms.ts";
import { EndPage } from "./pages/end.tsx";
import { documentOf } from "./pages/layout.tsx";
import type { Frame, Visit } from "./visit.ts";

/** A path with a query. */
export const pathWith = (path: string, query: Record<string, string>): string =>
  `${path}?${new URLSearchParams(query).toString()}`;

/** Uses 303, so that the browser does not repeat a POST at the new location. */
export function redirectTo(location: string, headers = new Headers()): Response {
  headers.set("location", location);
  headers.set("cache-control", "no-store");
  headers.set("referrer-policy", "no-referrer");
  return new Response(null, { status: 303, headers });
}

interface PageOptions {
  status?: number;
  headers?: Headers;
  /** See `formTarget`. */
  formTarget?: string | null;
}

/** A page that nothing may frame or cache, and that runs only our own scripts. */
export function page(tree: Child, { host, nonce }: Frame, options: PageOptions = {}): Response {
  const headers = options.headers ?? new Headers();
  const forms = ["'self'", ...(options.formTarget ? [options.formTarget] : [])].join(" ");
  const policy = [
    "default-src 'none'",
    `style-src 'self' 'nonce-${nonce}'`,
    `script-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    `form-action ${forms}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
  headers.set("content-type", "text/html; charset=utf-8");
  headers.set("content-security-policy", policy);
  headers.set("x-frame-options", "DENY");
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "same-origin");
  headers.set("cache-control", "no-store");
  if (host.origin.startsWith("https:")) headers.set("strict-transport-security", "max-age=63072000");
  return new Response(documentOf(tree), { status: options.status ?? 200, headers });
}

/** A page for this visit, with the cookies that it changed. */
export function render(
  { browser, frame }: Visit,
  tree: Child,
  { status = 200, formTarget = null }: Omit<PageOptions, "headers"> = {},
): Response {
  return page(tree, frame, { headers: browser.writeTo(new Headers()), status, formTarget });
}

/** A redirect within this host, with the cookies that the visit changed. */
export const goTo = ({ browser }: Visit, path: string): Response =>
  redirectTo(path, browser.writeTo(new Headers()));

/**
 * Leads on to another address of the host after a form, by a link: browsers follow no redirect by which a form
 * leaves its page's origin (CSP `form-action`), and may not find a new name at once.
 */
export function leadTo(visit: Visit, href: string): Response {
  const { host } = new URL(href);
  return render(
    visit,
    <EndPage
      {...visit.frame}
      title={`This host is at ${host} now`}
      message="If your browser does not find it yet, wait a minute and try again: a new name takes a moment to be known everywhere."
      way={{ href, label: `Go on at ${host}` }}
    />,
  );
}

export function errorPage(
  visit: Visit,
  message: string,
  { status = 400, title = "This did not work" }: { status?: number; title?: string } = {},
): Response {
  return render(visit, <EndPage {...visit.frame} title={title} message={message} />, { status });
}

/** The posted form if one of our own pages sent it, else the error page. */
export async function ownForm(visit: Visit): Promise<Fields | Response> {
  const fields = await readForm(visit.request);
  if (fields !== null && visit.browser.isOurForm(fields.get("csrf") ?? null)) return fields;
  return errorPage(
    visit,
    "The form was not sent from this page, or your browser keeps no cookies. Please go back, load the page again, and try once more.",
    { status: 403 },
  );
}

/** Whether a request navigates the whole window, as far as the browser tells: no frame, no script's fetch. */
export function isNavigation(request: Request): boolean {
  const mode = request.headers.get("sec-fetch-mode");
  const dest = request.headers.get("sec-fetch-dest");
  return (mode === null || mode === "navigate") && (dest === null || dest === "document");
}
