/**
 * The authorization endpoint, as a member sees it: sign in or choose an account, read what the app asks for,
 * answer. Every step is a plain form that posts to `/oauth/authorize`; the pushed request holds the state
 * between steps.
 */
import { metadataOf } from "../../oauth/endpoints.ts";
import { oauthServer } from "../../oauth/provider.ts";
import { clientAddress } from "../../xrpc/server/client-address.ts";
import { oauthContextOf } from "../../xrpc/server/oauth.ts";
import { sentence } from "../pages/words.ts";
import { errorPage, isNavigation, ownForm } from "../replies.tsx";
import type { Visit } from "../visit.ts";
import { takeAnswer } from "./answers.tsx";
import { showStep } from "./steps.tsx";
import { type Query, type RequestUri, type Turn, sendBack } from "./turn.tsx";
import type { Answer, AnsweredParameters } from "./way-back.ts";

export async function authorize(visit: Visit): Promise<Response> {
  const server = await oauthServer(await oauthContextOf(visit.services));
  const turn: Turn = { ...visit, server };
  try {
    return visit.request.method === "POST" ? await takeForm(turn) : await show(turn);
  } catch (thrown) {
    return failed(turn, thrown);
  }
}

/**
 * Sends an error back to the app if the app may learn of it; shows any other to the person, who alone can act
 * on it.
 */
function failed(turn: Turn, thrown: unknown): Response {
  const { core } = turn.server;
  if (thrown instanceof core.AuthorizationError) {
    const { error, error_description } = thrown.toJSON();
    return sendBack(turn, thrown.parameters as AnsweredParameters, { error, error_description });
  }
  if (thrown instanceof core.OAuthError && thrown.status < 500) {
    const unknown = /Unknown request_uri/.test(thrown.error_description);
    return errorPage(
      turn,
      unknown
        ? "This sign-in was used already, or waited too long. Please go back to the app and start again."
        : `The app made a mistake: ${sentence(thrown.error_description)}`,
    );
  }
  throw thrown;
}

/** Requires a pushed request: no app vouches for the parameters of a link (atproto OAuth profile). */
function queryOf({ server }: Turn, get: (name: string) => string | null | undefined): Query {
  const clientId = get("client_id");
  const requestUri = get("request_uri");
  if (!clientId || !requestUri) {
    throw new server.core.InvalidRequestError("client_id and request_uri are required");
  }
  return server.core.oauthAuthorizationRequestQuerySchema.parse({
    client_id: clientId,
    request_uri: requestUri,
  });
}

async function show(turn: Turn): Promise<Response> {
  const { server, browser, url, request } = turn;
  if (!isNavigation(request)) {
    return errorPage(
      turn,
      "This page only opens as a page of its own. Please go back to the app and start again.",
    );
  }
  const query = queryOf(turn, (name) => url.searchParams.get(name));
  await server.clients.prepare(query.client_id);
  const result = await server.provider.authorize(query, {
    deviceId: browser.id,
    deviceMetadata: metadataOf(request, clientAddress(request)),
  });
  if ("redirect" in result) return sendBack(turn, result.parameters, result.redirect as Answer);
  const asking = { client: result.client, requestUri: result.requestUri, parameters: result.parameters };
  return showStep(turn, asking, result.permissionSets, result.loginHint);
}

async function takeForm(turn: Turn): Promise<Response> {
  const { server, browser } = turn;
  const fields = await ownForm(turn);
  if (fields instanceof Response) return fields;
  const query = queryOf(turn, (name) => fields.get(name));
  await server.clients.prepare(query.client_id);
  if (!("request_uri" in query)) throw new server.core.InvalidRequestError("request_uri is required");
  const client = await server.provider.clientManager.getClient(query.client_id);
  const requestUri = query.request_uri as RequestUri;
  const { parameters } = await server.provider.requestManager.get(requestUri, browser.id, client.id);
  return takeAnswer(turn, { client, requestUri, parameters }, fields);
}
