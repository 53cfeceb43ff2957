/** The way back to an app: its redirect address, with the answer. */
import { redirectTo } from "../replies.tsx";

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
