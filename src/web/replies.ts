/** Responses to a browser: pages, redirects, and the way back to an app. */
import type { OAuthContext } from "../oauth/members.ts";

/** A path with a query. */
export const pathWith = (path: string, query: Record<string, string>): string =>
  `${path}?${new URLSearchParams(query).toString()}`;

/**
 * An app's redirect address, and how it gets its answer (OAuth 2.0 Multiple Response Types; RFC 9207 for
 * `iss`).
 */
export interface WayBack {
  redirectUri: string;
  mode: "query" | "fragment" | "form_post";
  params: [name: string, value: string][];
}

/** `redirect_uri` was checked against the app's own document when the request was pushed. */
export interface AnsweredParameters {
  redirect_uri?: string | undefined;
  response_mode?: string | undefined;
  state?: string | undefined;
}

export type Answer = { code: string } | { error: string; error_description: string };

export function wayBack(issuer: string, parameters: AnsweredParameters, answer: Answer): WayBack | null {
  const { redirect_uri: redirectUri, response_mode: mode = "query", state } = parameters;
  if (redirectUri === undefined) return null;
  return {
    redirectUri,
    mode: mode === "fragment" || mode === "form_post" ? mode : "query",
    params: [
      ["iss", issuer],
      ...(state === undefined ? [] : ([["state", state]] satisfies [string, string][])),
      ...Object.entries(answer),
    ],
  };
}

/** Uses 303, so that the browser does not repeat a POST at the new location. */
export function redirectTo(location: string, headers = new Headers()): Response {
  headers.set("location", location);
  headers.set("cache-control", "no-store");
  headers.set("referrer-policy", "no-referrer");
  return new Response(null, { status: 303, headers });
}

/** Null for `form_post`, which needs a page. */
export function redirectBack({ redirectUri, mode, params }: WayBack, headers?: Headers): Response | null {
  if (mode === "form_post") return null;
  const url = new URL(redirectUri);
  if (mode === "query") for (const [name, value] of params) url.searchParams.set(name, value);
  else url.hash = new URLSearchParams(params).toString();
  return redirectTo(url.href, headers);
}

/** The target beyond this host that a form on the page may reach, redirects included (CSP `form-action`). */
export function formTarget(redirectUri: string | undefined): string | null {
  const url = redirectUri === undefined ? null : URL.parse(redirectUri);
  if (url === null) return null;
  return url.protocol === "http:" || url.protocol === "https:" ? url.origin : url.protocol;
}

export interface PageOptions {
  status?: number;
  headers?: Headers;
  /** See `formTarget`. */
  formTarget?: string | null;
  nonce: string;
}

/** A page that nothing may frame or cache, and that runs only our own scripts. */
export function page(html: string, { host }: OAuthContext, options: PageOptions): Response {
  const headers = options.headers ?? new Headers();
  const forms = ["'self'", ...(options.formTarget ? [options.formTarget] : [])].join(" ");
  const policy = [
    "default-src 'none'",
    "style-src 'self' 'nonce-" + options.nonce + "'",
    "script-src 'self' 'nonce-" + options.nonce + "'",
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
  return new Response(html, { status: options.status ?? 200, headers });
}

/** Whether a request navigates the whole window, as far as the browser tells: no frame, no script's fetch. */
export function isNavigation(request: Request): boolean {
  const mode = request.headers.get("sec-fetch-mode");
  const dest = request.headers.get("sec-fetch-dest");
  return (mode === null || mode === "navigate") && (dest === null || dest === "document");
}
