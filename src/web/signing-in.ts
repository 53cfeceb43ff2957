/** Signing in and signing up, shared by the authorization pages and the account page. */
import type { Did } from "@atcute/lexicons";
import type { Browser } from "./devices.ts";
import { problemOf } from "./forms.ts";
import type { Member, MemberProfile, OAuthContext } from "../oauth/members.ts";
import type { SignUpValues } from "./pages/sign-in.tsx";
import { type PasskeyAnswer, signInWithPasskey } from "./passkeys.ts";

type Fields = ReadonlyMap<string, string>;

/** The member, or the reason for a failure. */
export type Outcome = { member: Member } | { problem: string };

/** Completes a bare name with the host's domain: `alice` → `alice.example.com`. */
const named = (identifier: string, { handleDomains }: OAuthContext["host"]): string =>
  /[.@:]/.test(identifier) ? identifier : `${identifier}${handleDomains[0] ?? ""}`;

export async function signIn(
  { members, host }: OAuthContext,
  browser: Browser,
  fields: Fields,
  requestUri: string | null,
): Promise<Outcome> {
  const identifier = (fields.get("identifier") ?? "").trim().replace(/^@/, "");
  const password = fields.get("password") ?? "";
  if (identifier === "" || password === "") return { problem: "Please fill in both fields." };
  try {
    const member = await members.signIn(named(identifier, host), password);
    await browser.signIn(member.did, fields.get("remember") === "yes", requestUri);
    return { member };
  } catch (thrown) {
    return { problem: problemOf(thrown) };
  }
}

/** Signs in by a passkey; the page's script put its answer into the form. */
export async function signInByKey(
  context: OAuthContext,
  browser: Browser,
  fields: Fields,
  requestUri: string | null,
): Promise<Outcome> {
  const did = await signInWithPasskey(context, browser, parseAnswer(fields.get("passkey") ?? ""));
  const member = did === null ? null : await context.members.find(did);
  if (member === null || member.takenDown) return { problem: "This passkey does not open an account here." };
  await browser.signIn(member.did, fields.get("remember") === "yes", requestUri);
  return { member };
}

function parseAnswer(text: string): PasskeyAnswer | null {
  try {
    const answer = JSON.parse(text) as PasskeyAnswer;
    return typeof answer === "object" ? answer : null;
  } catch {
    return null;
  }
}

export function valuesOf(fields: Fields): SignUpValues {
  return {
    handle: fields.get("handle"),
    domain: fields.get("domain"),
    email: fields.get("email"),
    inviteCode: fields.get("inviteCode"),
  };
}

export async function signUp(
  { members, host }: OAuthContext,
  browser: Browser,
  fields: Fields,
  requestUri: string | null,
): Promise<Outcome> {
  const password = fields.get("password") ?? "";
  if (password.length < PASSWORD_MIN)
    return { problem: "Please take a longer password: at least 8 characters." };
  const domain = fields.get("domain") ?? host.handleDomains[0] ?? "";
  if (!host.handleDomains.includes(domain))
    return { problem: "Handles of this domain are not given out here." };
  const label = (fields.get("handle") ?? "").trim().toLowerCase().replace(/^@/, "");
  const handle = label.endsWith(domain) ? label : `${label}${domain}`;
  const inviteCode = (fields.get("inviteCode") ?? "").trim();
  try {
    const member = await members.signUp({
      handle,
      email: (fields.get("email") ?? "").trim(),
      password,
      inviteCode: inviteCode === "" ? undefined : inviteCode,
    });
    await browser.signIn(member.did, true, requestUri);
    return { member };
  } catch (thrown) {
    return { problem: problemOf(thrown) };
  }
}

export const PASSWORD_MIN = 8;

/** Profiles by DID; a profile that cannot be loaded is empty. */
export async function profilesOf(
  { members }: OAuthContext,
  people: Member[],
): Promise<Map<Did, MemberProfile>> {
  const profiles = people.map(
    async ({ did }) => [did, await members.profile(did).catch(() => NOBODY)] as const,
  );
  return new Map(await Promise.all(profiles));
}

export const NOBODY: MemberProfile = { name: null, picture: null };
