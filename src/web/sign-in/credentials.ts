/** Signing in and signing up, shared by the authorization pages and the account page. */
import type { Handle } from "@atcute/lexicons";
import type { Member } from "../../identity/member.ts";
import { Refusal, must } from "../../protocol/refusal.ts";
import { isHandle } from "../../protocol/syntax.ts";
import { checkPassword, normalizeIdentifier } from "../../xrpc/accounts/check-password.ts";
import { signUp as createAccount } from "../../xrpc/accounts/sign-up.ts";
import { consumeForAddress } from "../../xrpc/server/address-limits.ts";
import { type Fields, lineOf } from "../forms.ts";
import type { SignUpValues } from "../pages/joining/handle-field.tsx";
import { type Problem, problemOf, wrong } from "../problems.ts";
import type { HostWords, Visit } from "../visit.ts";
import { type PasskeyAnswer, signInWithPasskey } from "./passkeys.ts";

/** The member, or the reason for a failure. */
export type Outcome = { member: Member } | { problem: Problem };

/** Completes a bare name with the host's domain: `alice` → `alice.example.com`. */
export const completed = (name: string, { handleDomains }: HostWords): string =>
  /[.@:]/.test(name) ? name : `${name}${handleDomains[0] ?? ""}`;

/** @param requestUri the authorization request during which they sign in, if any */
export async function signIn(visit: Visit, fields: Fields, requestUri: string | null): Promise<Outcome> {
  const identifier = normalizeIdentifier(fields.get("identifier") ?? "");
  const password = fields.get("password") ?? "";
  if (identifier === "")
    return { problem: wrong("Please enter your handle or e-mail address.", "identifier") };
  if (password === "") return { problem: wrong("Please enter your password.", "password") };
  try {
    const member = await memberOf(visit, { identifier: completed(identifier, visit.frame.host), password });
    await visit.browser.signIn(member.did, fields.get("remember") === "yes", requestUri);
    return { member };
  } catch (thrown) {
    return { problem: problemOf(thrown, fields.keys()) };
  }
}

/**
 * The member who gave their account's own password. Refuses AuthenticationRequired, AppPasswordRefused and
 * AccountTakedown (401), RateLimitExceeded (429).
 */
async function memberOf(
  { services, request }: Visit,
  claim: { identifier: string; password: string },
): Promise<Member> {
  const { member, appPassword } = await checkPassword(services, request, claim);
  if (appPassword !== null) throw new Refusal("AppPasswordRefused", "An app password does not sign in", 401);
  if (member.takedown !== null) throw new Refusal("AccountTakedown", "Account has been taken down", 401);
  return member;
}

/** Signs in by a passkey; the page's script put its answer into the form. */
export async function signInByKey(visit: Visit, fields: Fields, requestUri: string | null): Promise<Outcome> {
  const did = await signInWithPasskey(visit, parseAnswer(fields.get("passkey") ?? ""));
  const member = did === null ? null : await visit.services.directory.findByDid(did);
  if (member === null || member.takedown !== null)
    return { problem: wrong("This passkey does not open an account here.") };
  await visit.browser.signIn(member.did, fields.get("remember") === "yes", requestUri);
  return { member };
}

function parseAnswer(text: string): PasskeyAnswer | null {
  try {
    const answer: PasskeyAnswer | null = JSON.parse(text);
    return typeof answer === "object" ? answer : null;
  } catch {
    return null;
  }
}

export const valuesOf = (fields: Fields): SignUpValues => ({
  handle: fields.get("handle"),
  domain: fields.get("domain"),
  email: fields.get("email"),
  inviteCode: fields.get("inviteCode"),
  reason: fields.get("reason"),
  recoveryKey: fields.get("recoveryKey"),
});

/** The fields of a sign-up that an address fills in. */
export function invitedBy(query: URLSearchParams): Fields {
  const code = query.get("invite");
  return new Map(code === null ? [] : [["inviteCode", code]]);
}

export const PASSWORD_MIN = 8;
export const TOO_SHORT = wrong("Please take a longer password: at least 8 characters.", "password");

export const OTHER_DOMAIN = wrong("Handles of this domain are not given out here.", "handle");

/**
 * The handle that a form asks for, which may be none, or the host's own name; null if it is of a domain that is not
 * the host's.
 */
export function handleIn(fields: Fields, { handleDomains, hostname }: HostWords): Handle | null {
  const domain = fields.get("domain") ?? handleDomains[0] ?? "";
  if (!handleDomains.includes(domain)) return null;
  const label = normalizeIdentifier(fields.get("handle") ?? "");
  if (label === hostname && isHandle(label)) return label;
  return (label.endsWith(domain) ? label : `${label}${domain}`) as Handle;
}

/** @param admission by default that of the settings */
export async function signUp(
  visit: Visit,
  fields: Fields,
  requestUri: string | null,
  admission?: "owner",
): Promise<Outcome> {
  const { services, request, browser, frame } = visit;
  const password = fields.get("password") ?? "";
  if (password.length < PASSWORD_MIN) return { problem: TOO_SHORT };
  const handle = handleIn(fields, frame.host);
  if (handle === null) return { problem: OTHER_DOMAIN };
  const inviteCode = lineOf(fields, "inviteCode");
  const recoveryKey = lineOf(fields, "recoveryKey");
  const input = {
    handle,
    email: lineOf(fields, "email"),
    password,
    inviteCode: inviteCode === "" ? undefined : inviteCode,
    recoveryKey: recoveryKey === "" ? undefined : recoveryKey,
  };
  try {
    consumeForAddress(request, "com.atproto.server.createAccount", services.env);
    const { did } = await createAccount(services, input, null, request, admission);
    await browser.signIn(did, true, requestUri);
    return { member: must(await services.directory.findByDid(did), "the new account") };
  } catch (thrown) {
    return { problem: problemOf(thrown, fields.keys()) };
  }
}
