/**
 * The authorization endpoint, as a member sees it: sign in or choose an account, read what the app asks for,
 * answer. Every step is a plain form that posts to `/oauth/authorize`; the pushed request holds the state
 * between steps.
 */
import type { OAuthProvider } from "@atproto/oauth-provider/provider";
import { appOf } from "./app-name.ts";
import { metadataOf } from "../oauth/endpoints.ts";
import { Browser, type SignedIn } from "./devices.ts";
import { readForm } from "./forms.ts";
import type { Member, OAuthContext } from "../oauth/members.ts";
import { ConsentPage, EndPage, FormPostPage } from "./pages/consent.tsx";
import { documentOf, type Frame } from "./pages/layout.tsx";
import { EMAIL_SCOPES, askedFor } from "./pages/scope-words.ts";
import { ChoosePage, SignInPage, SignUpPage } from "./pages/sign-in.tsx";
import type { OAuthServer } from "../oauth/provider.ts";
import {
  type Answer,
  type AnsweredParameters,
  formTarget,
  isNavigation,
  page,
  pathWith,
  redirectBack,
  redirectTo,
  wayBack,
} from "./replies.ts";
import { NOBODY, profilesOf, signIn, signInByKey, signUp, valuesOf } from "./signing-in.ts";
import { randomHex } from "../oauth/digest.ts";

const AUTHORIZE = "/oauth/authorize";

type Client = Awaited<ReturnType<OAuthProvider["clientManager"]["getClient"]>>;
type Query = Parameters<OAuthProvider["authorize"]>[0];
type Parameters_ = Awaited<ReturnType<OAuthProvider["requestManager"]["get"]>>["parameters"];
type RequestUri = Parameters<OAuthProvider["requestManager"]["delete"]>[0];

/** One request to this endpoint, with everything needed to answer it. */
interface Turn {
  server: OAuthServer;
  context: OAuthContext;
  request: Request;
  browser: Browser;
  frame: Frame;
  url: URL;
}

/** The pushed request that the pages are about. */
interface Asking {
  client: Client;
  requestUri: RequestUri;
  parameters: Parameters_;
}

export async function authorize(
  server: OAuthServer,
  context: OAuthContext,
  request: Request,
): Promise<Response> {
  const frame = { host: context.host, nonce: randomHex(16) };
  const browser = await Browser.of(context, request);
  const turn = { server, context, request, browser, frame, url: new URL(request.url) };
  try {
    return request.method === "POST" ? await answerForm(turn) : await show(turn);
  } catch (thrown) {
    return failed(turn, thrown);
  }
}

/**
 * Sends an error back to the app if the app may learn of it; shows any other to the person, who alone can act
 * on it.
 */
function failed(turn: Turn, thrown: unknown): Response {
  const { core, provider } = turn.server;
  if (thrown instanceof core.AuthorizationError) {
    const { error, error_description } = thrown.toJSON();
    const parameters = thrown.parameters as AnsweredParameters;
    return sendBack(turn, provider.issuer, parameters, { error, error_description });
  }
  if (thrown instanceof core.OAuthError && thrown.status < 500) {
    const unknown = /Unknown request_uri/.test(thrown.error_description);
    return errorPage(
      turn,
      unknown
        ? "This sign-in was used already, or waited too long. Please go back to the app and start again."
        : `The app made a mistake: ${thrown.error_description}.`,
    );
  }
  throw thrown;
}

function errorPage(turn: Turn, message: string, status = 400): Response {
  const { context, frame } = turn;
  const tree = <EndPage {...frame} title="This did not work" message={message} />;
  return page(documentOf(tree), context, { ...options(turn), status });
}

function options({ browser, frame }: Turn) {
  const headers = new Headers();
  browser.writeTo(headers);
  return { headers, nonce: frame.nonce };
}

function sendBack(turn: Turn, issuer: string, parameters: AnsweredParameters, answer: Answer): Response {
  const back = wayBack(issuer, parameters, answer);
  if (back === null) return errorPage(turn, "The app did not say where to go back to.");
  const { headers, nonce } = options(turn);
  const redirect = redirectBack(back, headers);
  if (redirect !== null) return redirect;
  const target = formTarget(back.redirectUri);
  return page(documentOf(<FormPostPage {...turn.frame} back={back} />), turn.context, {
    headers,
    nonce,
    formTarget: target,
  });
}

const refusedNavigation =
  "This page only opens as a page of its own. Please go back to the app and start again.";

/** Requires a pushed request: no app vouches for the parameters of a link (atproto OAuth profile). */
function queryOf(turn: Turn, get: (name: string) => string | null | undefined): Query {
  const clientId = get("client_id");
  const requestUri = get("request_uri");
  if (!clientId || !requestUri) {
    throw new turn.server.core.InvalidRequestError("client_id and request_uri are required");
  }
  return turn.server.core.oauthAuthorizationRequestQuerySchema.parse({
    client_id: clientId,
    request_uri: requestUri,
  });
}

async function show(turn: Turn): Promise<Response> {
  const { server, browser, url, request, context } = turn;
  if (!isNavigation(request)) return errorPage(turn, refusedNavigation);
  const query = queryOf(turn, (name) => url.searchParams.get(name));
  await server.clients.prepare(query.client_id);
  const result = await server.provider.authorize(query, {
    deviceId: browser.id,
    deviceMetadata: metadataOf(request, context.address),
  });
  if ("redirect" in result)
    return sendBack(turn, result.issuer, result.parameters, result.redirect as Answer);
  const asking = { client: result.client, requestUri: result.requestUri, parameters: result.parameters };
  return showStep(turn, asking, result.permissionSets, result.loginHint);
}

type Sets = Parameters<typeof askedFor>[1];

/**
 * Picks the next page: the one that the address asks for, if it is available; else the one that the app
 * wished for.
 */
async function showStep(turn: Turn, asking: Asking, sets: Sets, hint: string | undefined): Promise<Response> {
  const { url, browser } = turn;
  const { prompt, login_hint: wanted } = asking.parameters;
  const people = await browser.signedIn();
  const somebody = url.searchParams.has("as");
  const wish = url.searchParams.get("page") ?? (prompt === "create" && !somebody ? "sign-up" : null);
  if (wish === "sign-up")
    return signUpPage(turn, asking, new Map([["inviteCode", url.searchParams.get("invite") ?? ""]]));
  if (wish === "sign-in") return signInPage(turn, asking, people, url.searchParams.get("as") ?? hint);
  const chosen = people.find(({ member }) => member.did === url.searchParams.get("as"));
  if (chosen !== undefined) {
    return mustSignIn(asking, chosen)
      ? signInPage(turn, asking, people, chosen.member.handle)
      : consentPage(turn, asking, chosen.member, sets);
  }
  const hinted = people.find(({ member }) => member.did === wanted || member.handle === wanted);
  if (wish === null && hinted !== undefined && prompt !== "select_account") {
    return mustSignIn(asking, hinted)
      ? signInPage(turn, asking, people, hinted.member.handle)
      : consentPage(turn, asking, hinted.member, sets);
  }
  const none = people.length === 0 || (wanted !== undefined && hinted === undefined);
  return none && wish === null ? signInPage(turn, asking, people, hint) : choosePage(turn, asking, people);
}

/** Whether the sign-in is too old, or the app asked for a fresh one. */
const mustSignIn = ({ parameters, requestUri }: Asking, { stale, requestUri: proven }: SignedIn) =>
  stale || (parameters.prompt === "login" && proven !== requestUri);

function pathTo({ client, requestUri }: Asking, more: Record<string, string> = {}): string {
  return pathWith(AUTHORIZE, { client_id: client.id, request_uri: requestUri, ...more });
}

function senderOf({ browser }: Turn, { client, requestUri }: Asking) {
  return {
    action: AUTHORIZE,
    csrf: browser.csrf,
    carried: { client_id: client.id, request_uri: requestUri },
  };
}

function render(turn: Turn, asking: Asking, tree: Parameters<typeof documentOf>[0], status = 200): Response {
  const target = formTarget(asking.parameters.redirect_uri);
  return page(documentOf(tree), turn.context, { ...options(turn), status, formTarget: target });
}

function signInPage(
  turn: Turn,
  asking: Asking,
  people: SignedIn[],
  identifier?: string,
  problem?: string,
): Response {
  return render(
    turn,
    asking,
    <SignInPage
      {...turn.frame}
      sender={senderOf(turn, asking)}
      app={appOf(asking.client)}
      identifier={identifier}
      problem={problem}
      signUp={turn.context.host.registration === "closed" ? null : pathTo(asking, { page: "sign-up" })}
      choose={people.length === 0 ? null : pathTo(asking, { page: "choose" })}
    />,
    problem === undefined ? 200 : 400,
  );
}

function signUpPage(
  turn: Turn,
  asking: Asking,
  fields: ReadonlyMap<string, string>,
  problem?: string,
): Response {
  return render(
    turn,
    asking,
    <SignUpPage
      {...turn.frame}
      sender={senderOf(turn, asking)}
      app={appOf(asking.client)}
      values={valuesOf(fields)}
      problem={problem}
      signIn={pathTo(asking, { page: "sign-in" })}
    />,
    problem === undefined ? 200 : 400,
  );
}

async function choosePage(turn: Turn, asking: Asking, people: SignedIn[]): Promise<Response> {
  const profiles = await profilesOf(
    turn.context,
    people.map(({ member }) => member),
  );
  return render(
    turn,
    asking,
    <ChoosePage
      {...turn.frame}
      sender={senderOf(turn, asking)}
      app={appOf(asking.client)}
      people={people.map(({ member, stale }) => ({
        member,
        stale,
        profile: profiles.get(member.did) ?? NOBODY,
      }))}
      other={pathTo(asking, { page: "sign-in" })}
    />,
  );
}

async function consentPage(turn: Turn, asking: Asking, member: Member, sets: Sets): Promise<Response> {
  if (member.deactivated) {
    return errorPage(turn, "This account is switched off. Switch it on again on your account page first.");
  }
  const profiles = await profilesOf(turn.context, [member]);
  return render(
    turn,
    asking,
    <ConsentPage
      {...turn.frame}
      sender={senderOf(turn, asking)}
      app={appOf(asking.client)}
      member={member}
      profile={profiles.get(member.did) ?? NOBODY}
      asked={askedFor(asking.parameters.scope ?? "atproto", sets)}
      other={pathTo(asking, { page: "choose" })}
    />,
  );
}

async function answerForm(turn: Turn): Promise<Response> {
  const { server, browser, request } = turn;
  const fields = await readForm(request);
  if (fields === null || !browser.isOurForm(fields.get("csrf") ?? null)) {
    return errorPage(
      turn,
      "The form was not sent from this page, or your browser keeps no cookies. Please try again.",
      403,
    );
  }
  const query = queryOf(turn, (name) => fields.get(name));
  await server.clients.prepare(query.client_id);
  if (!("request_uri" in query)) throw new server.core.InvalidRequestError("request_uri is required");
  const client = await server.provider.clientManager.getClient(query.client_id);
  const requestUri = query.request_uri as RequestUri;
  const { parameters } = await server.provider.requestManager.get(requestUri, browser.id, client.id);
  return take(turn, { client, requestUri, parameters }, fields);
}

async function take(turn: Turn, asking: Asking, fields: ReadonlyMap<string, string>): Promise<Response> {
  const { context, browser } = turn;
  switch (fields.get("step")) {
    case "sign-in": {
      const outcome = await signIn(context, browser, fields, asking.requestUri);
      if ("member" in outcome) return next(turn, asking, outcome.member);
      return signInPage(turn, asking, await browser.signedIn(), fields.get("identifier"), outcome.problem);
    }
    case "passkey": {
      const outcome = await signInByKey(context, browser, fields, asking.requestUri);
      if ("member" in outcome) return next(turn, asking, outcome.member);
      return signInPage(turn, asking, await browser.signedIn(), fields.get("identifier"), outcome.problem);
    }
    case "sign-up": {
      const outcome = await signUp(context, browser, fields, asking.requestUri);
      if ("member" in outcome) return next(turn, asking, outcome.member);
      return signUpPage(turn, asking, fields, outcome.problem);
    }
    case "choose": {
      const chosen = (await browser.signedIn()).find(({ member }) => member.did === fields.get("did"));
      if (chosen === undefined || mustSignIn(asking, chosen)) {
        const as = chosen?.member.handle;
        return away(turn, pathTo(asking, { page: "sign-in", ...(as === undefined ? {} : { as }) }));
      }
      return next(turn, asking, chosen.member);
    }
    case "consent":
      return fields.get("answer") === "allow" ? allow(turn, asking, fields) : deny(turn, asking);
    case "deny":
      return deny(turn, asking);
    default:
      return errorPage(turn, "This form is none of this page.");
  }
}

function away(turn: Turn, path: string): Response {
  return redirectTo(path, options(turn).headers);
}

/**
 * Continues once somebody is signed in. Skips the consent page if they allowed this app the same before,
 * unless the app asks for it.
 */
async function next(turn: Turn, asking: Asking, member: Member): Promise<Response> {
  const { provider, accounts } = turn.server;
  const consents = await accounts.consents(member.did);
  const needed = provider.checkConsentRequired(asking.parameters, consents.get(asking.client.id));
  if (needed || member.deactivated) return away(turn, pathTo(asking, { as: member.did }));
  return grant(turn, asking, member);
}

async function deny(turn: Turn, { parameters, requestUri }: Asking): Promise<Response> {
  const { provider } = turn.server;
  await provider.requestManager.delete(requestUri);
  return sendBack(turn, provider.issuer, parameters, {
    error: "access_denied",
    error_description: "The user rejected the request",
  });
}

async function allow(turn: Turn, asking: Asking, fields: ReadonlyMap<string, string>): Promise<Response> {
  const chosen = (await turn.browser.signedIn()).find(({ member }) => member.did === fields.get("did"));
  if (chosen === undefined || mustSignIn(asking, chosen))
    return away(turn, pathTo(asking, { page: "sign-in" }));
  const scopes = (asking.parameters.scope ?? "atproto").split(" ");
  const granted = fields.get("email") === "yes" ? scopes : scopes.filter((scope) => !EMAIL_SCOPES.has(scope));
  const { accounts } = turn.server;
  const answer = await grant(turn, asking, chosen.member, granted.join(" "));
  const earlier = (await accounts.consents(chosen.member.did)).get(asking.client.id)?.authorizedScopes ?? [];
  const { account } = await accounts.getAccount(chosen.member.did);
  await turn.server.provider.accountManager.setAuthorizedClient(account, asking.client, {
    authorizedScopes: [...new Set([...earlier, ...granted])],
  });
  return answer;
}

/** Issues the code and sends it to the app. */
async function grant(turn: Turn, asking: Asking, member: Member, scope?: string): Promise<Response> {
  const { server, browser, request, context } = turn;
  const { client, requestUri, parameters } = asking;
  const { account } = await server.accounts.getAccount(member.did);
  const metadata = metadataOf(request, context.address);
  const code = await server.provider.requestManager
    .setAuthorized(requestUri, client, account, browser.id, metadata, scope)
    .catch((thrown: unknown) => {
      throw server.core.AuthorizationError.from(parameters, thrown);
    });
  return sendBack(turn, server.provider.issuer, parameters, { code });
}
