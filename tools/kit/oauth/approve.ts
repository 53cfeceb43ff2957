/** Signs a member in to an app by OAuth, on the host's own pages, as a person would who has just opened the link. */
import type { TestAccount } from "../network/accounts.ts";
import { MemberBrowser, departed, shown } from "./member-browser.ts";

export interface ApproveOptions {
  /** Refuses instead: the app is told `access_denied`. */
  deny?: boolean;
  /** Whether the app may know the e-mail address, if it asks. Default: true. */
  email?: boolean;
}

/**
 * @param url where the app sends its user, as `client.authorize` returns it
 * @returns where the member comes back to: the app's redirect URI, with `code`, `state` and `iss`, or `error`
 */
export async function approve(
  { host, handle, password }: TestAccount,
  url: URL | string,
  { deny = false, email = true }: ApproveOptions = {},
): Promise<URL> {
  const browser = new MemberBrowser(host.url);
  const signIn = shown(await browser.open(url));
  const consent = shown(await browser.submit(signIn, "sign-in", { identifier: handle, password }));
  const answer = deny ? { answer: "deny" } : { answer: "allow", ...(email ? { email: "yes" } : {}) };
  return departed(await browser.submit(consent, "consent", answer));
}
