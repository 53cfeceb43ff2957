/** Takes the forms of an authorization, up to the code that the app gets. */
import type { Member } from "../../identity/member.ts";
import { activateAccount } from "../../lifecycle/states.ts";
import { metadataOf } from "../../oauth/endpoints.ts";
import { clientAddress } from "../../xrpc/server/client-address.ts";
import type { Fields } from "../forms.ts";
import { EMAIL_SCOPES } from "../consent/account-words.ts";
import { problemOf } from "../problems.ts";
import { errorPage, goTo } from "../replies.tsx";
import type { SignedIn } from "../sign-in/browser.ts";
import { signIn, signInByKey, signUp } from "../sign-in/credentials.ts";
import { signInPage, signUpPage, switchedOffPage } from "./steps.tsx";
import { type Asking, type Turn, mustSignIn, pathTo, sendBack } from "./turn.tsx";

export async function takeAnswer(turn: Turn, asking: Asking, fields: Fields): Promise<Response> {
  switch (fields.get("step")) {
    case "sign-in":
      return takeSignIn(turn, asking, fields, signIn);
    case "passkey":
      return takeSignIn(turn, asking, fields, signInByKey);
    case "sign-up": {
      const outcome = await signUp(turn, fields, asking.requestUri);
      if ("member" in outcome) return next(turn, asking, outcome.member);
      return signUpPage(turn, asking, fields, outcome.problem);
    }
    case "choose": {
      const chosen = await chosenOf(turn, fields);
      if (chosen !== undefined && !mustSignIn(asking, chosen)) return next(turn, asking, chosen.member);
      const as: Record<string, string> = chosen === undefined ? {} : { as: chosen.member.handle };
      return goTo(turn, pathTo(asking, { page: "sign-in", ...as }));
    }
    case "consent":
      return fields.get("answer") === "allow" ? allow(turn, asking, fields) : deny(turn, asking);
    case "activate":
      return activate(turn, asking, fields);
    case "deny":
      return deny(turn, asking);
    default:
      return errorPage(turn, "This form is none of this page.");
  }
}

/** The member whom a form names, if they are signed in on this browser. */
async function chosenOf({ browser }: Turn, fields: Fields): Promise<SignedIn | undefined> {
  return (await browser.signedIn()).find(({ member }) => member.did === fields.get("did"));
}

async function takeSignIn(turn: Turn, asking: Asking, fields: Fields, way: typeof signIn): Promise<Response> {
  const outcome = await way(turn, fields, asking.requestUri);
  if ("member" in outcome) return next(turn, asking, outcome.member);
  const people = await turn.browser.signedIn();
  return signInPage(turn, asking, people, fields.get("identifier"), outcome.problem);
}

/**
 * Continues once somebody is signed in. Skips the consent page if they allowed this app the same before,
 * unless the app asks for it.
 */
async function next(turn: Turn, asking: Asking, member: Member): Promise<Response> {
  const { provider, accounts } = turn.server;
  const consents = await accounts.consents.ofMember(member.did);
  const needed = provider.checkConsentRequired(asking.parameters, consents.get(asking.client.id));
  return needed ? goTo(turn, pathTo(asking, { as: member.did })) : grant(turn, asking, member);
}

/** Switches an account on again for a member who came back through an app. */
async function activate(turn: Turn, asking: Asking, fields: Fields): Promise<Response> {
  const { services } = turn;
  const chosen = await chosenOf(turn, fields);
  if (chosen === undefined || mustSignIn(asking, chosen))
    return goTo(turn, pathTo(asking, { page: "sign-in" }));
  try {
    await activateAccount(services, chosen.member.did, services.host.origin);
  } catch (thrown) {
    return switchedOffPage(turn, asking, chosen.member, problemOf(thrown));
  }
  return next(turn, asking, { ...chosen.member, state: "active" });
}

async function deny(turn: Turn, { parameters, requestUri }: Asking): Promise<Response> {
  await turn.server.provider.requestManager.delete(requestUri);
  return sendBack(turn, parameters, {
    error: "access_denied",
    error_description: "The user rejected the request",
  });
}

async function allow(turn: Turn, asking: Asking, fields: Fields): Promise<Response> {
  const chosen = await chosenOf(turn, fields);
  if (chosen === undefined || mustSignIn(asking, chosen))
    return goTo(turn, pathTo(asking, { page: "sign-in" }));
  const scopes = (asking.parameters.scope ?? "atproto").split(" ");
  const granted = fields.get("email") === "yes" ? scopes : scopes.filter((scope) => !EMAIL_SCOPES.has(scope));
  return grant(turn, asking, chosen.member, granted);
}

/**
 * Issues the code and sends it to the app. What was allowed is remembered first: an app never holds more than
 * its member's page can show.
 * @param allowed the scopes just allowed; absent if the member allowed them before
 */
async function grant(turn: Turn, asking: Asking, member: Member, allowed?: string[]): Promise<Response> {
  const { server, browser, request } = turn;
  const { client, requestUri, parameters } = asking;
  if (member.state === "deactivated") return switchedOffPage(turn, asking, member);
  const { account } = await server.accounts.getAccount(member.did);
  if (allowed !== undefined) await rememberConsent(turn, asking, account, allowed);
  const metadata = metadataOf(request, clientAddress(request));
  const code = await server.provider.requestManager
    .setAuthorized(requestUri, client, account, browser.id, metadata, allowed?.join(" "))
    .catch((thrown: unknown) => {
      throw server.core.AuthorizationError.from(parameters, thrown);
    });
  return sendBack(turn, parameters, { code });
}

type ProviderAccount = Awaited<ReturnType<Turn["server"]["accounts"]["getAccount"]>>["account"];

async function rememberConsent(
  { server }: Turn,
  { client }: Asking,
  account: ProviderAccount,
  allowed: string[],
): Promise<void> {
  const earlier =
    (await server.accounts.consents.ofMember(account.did)).get(client.id)?.authorizedScopes ?? [];
  await server.provider.accountManager.setAuthorizedClient(account, client, {
    authorizedScopes: [...new Set([...earlier, ...allowed])],
  });
}
