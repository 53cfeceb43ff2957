/** One step of an authorization: what the app asked for, and the answers to the browser. */
import type { OAuthProvider } from "@atproto/oauth-provider/provider";
import type { Child } from "hono/jsx";
import type { OAuthServer } from "../../oauth/provider.ts";
import { FormPostPage } from "../pages/form-post.tsx";
import { errorPage, page, pathWith, render } from "../replies.tsx";
import type { SignedIn } from "../sign-in/browser.ts";
import type { Visit } from "../visit.ts";
import { type Answer, type AnsweredParameters, formTarget, redirectBack, wayBack } from "./way-back.ts";

export const AUTHORIZE = "/oauth/authorize";

export type Client = Awaited<ReturnType<OAuthProvider["clientManager"]["getClient"]>>;
export type Query = Parameters<OAuthProvider["authorize"]>[0];
export type RequestUri = Parameters<OAuthProvider["requestManager"]["delete"]>[0];
type AskedParameters = Awaited<ReturnType<OAuthProvider["requestManager"]["get"]>>["parameters"];

/** A visit to the authorization endpoint. */
export interface Turn extends Visit {
  server: OAuthServer;
}

/** The pushed request that the pages are about. */
export interface Asking {
  client: Client;
  requestUri: RequestUri;
  parameters: AskedParameters;
}

/** Whether the sign-in is too old, or the app asked for a fresh one. */
export const mustSignIn = (
  { parameters, requestUri }: Asking,
  { stale, requestUri: proven }: SignedIn,
): boolean => stale || (parameters.prompt === "login" && proven !== requestUri);

export const pathTo = ({ client, requestUri }: Asking, more: Record<string, string> = {}): string =>
  pathWith(AUTHORIZE, { client_id: client.id, request_uri: requestUri, ...more });

export const senderOf = ({ browser }: Turn, { client, requestUri }: Asking) => ({
  action: AUTHORIZE,
  csrf: browser.csrf,
  carried: { client_id: client.id, request_uri: requestUri },
});

/** A page whose forms may lead back to the app. */
export const showTo = (turn: Turn, asking: Asking, tree: Child, status = 200): Response =>
  render(turn, tree, { status, formTarget: formTarget(asking.parameters.redirect_uri) });

export function sendBack(turn: Turn, parameters: AnsweredParameters, answer: Answer): Response {
  const { browser, frame, server } = turn;
  const back = wayBack(server.provider.issuer, parameters, answer);
  if (back === null) return errorPage(turn, "The app did not say where to go back to.");
  const headers = browser.writeTo(new Headers());
  return (
    redirectBack(back, headers) ??
    page(<FormPostPage {...frame} back={back} />, frame, {
      headers,
      formTarget: formTarget(back.redirectUri),
    })
  );
}
