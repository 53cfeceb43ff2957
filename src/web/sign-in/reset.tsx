/**
 * Password reset: a mailed code lets a member set a new password. Does not reveal who has an account here.
 */
import { type Credentials, listCredentials, revokeCredentials } from "../../lifecycle/credentials.ts";
import { resetPassword } from "../../lifecycle/password.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { requestPasswordReset } from "../../xrpc/accounts/password-reset.ts";
import { consumeForAddress } from "../../xrpc/server/address-limits.ts";
import { type Fields, lineOf } from "../forms.ts";
import { EndPage } from "../pages/end.tsx";
import { ResetPage } from "../pages/reset.tsx";
import { counted, listed } from "../pages/words.ts";
import { type Problem, problemOf } from "../problems.ts";
import { render } from "../replies.tsx";
import type { Visit } from "../visit.ts";
import { PASSWORD_MIN, TOO_SHORT } from "./credentials.ts";

export async function takeReset(visit: Visit, fields: Fields): Promise<Response> {
  const email = lineOf(fields, "email");
  const sent = fields.get("step") === "reset";
  try {
    if (!sent) {
      await sendCode(visit, email);
      return showReset(visit, { sent: true, email });
    }
    const password = fields.get("password") ?? "";
    if (password.length < PASSWORD_MIN) {
      return showReset(visit, { sent, email, problem: TOO_SHORT });
    }
    consumeForAddress(visit.request, "com.atproto.server.resetPassword", visit.services.env);
    const did = await resetPassword(visit.services, lineOf(fields, "code"), password);
    if (fields.get("others") === "yes") await revokeCredentials(visit.services, did);
    return renewed(visit, await listCredentials(visit.services, did));
  } catch (thrown) {
    return showReset(visit, {
      sent,
      email,
      problem: problemOf(thrown, sent ? ["code", "password"] : ["email"]),
    });
  }
}

/** Says what a new password does not lock out. Whoever had the code may know. */
function renewed(visit: Visit, { passkeys, appPasswords }: Credentials): Response {
  const others = [
    ...(passkeys.length === 0 ? [] : [counted(passkeys.length, "passkey")]),
    ...(appPasswords.length === 0 ? [] : [counted(appPasswords.length, "app password")]),
  ];
  const left =
    others.length === 0
      ? "Nothing else opens your account: it has neither passkeys nor app passwords."
      : `Beside the password, your account can still be opened with ${listed(others).toLowerCase()}. Remove them if somebody else has had your account.`;
  return render(
    visit,
    <EndPage
      {...visit.frame}
      title="Your new password is set"
      message={`You are signed out everywhere. ${left}`}
      way={
        others.length === 0
          ? { href: "/account/sign-in", label: "Sign in" }
          : { href: "/account/sign-in?to=%2Faccount%2Fpassword", label: "Sign in, and look at them" }
      }
    />,
  );
}

/** Neither the answer nor its timing reveals whether an account has that address, or got enough mails. */
async function sendCode({ services, request }: Visit, email: string): Promise<void> {
  consumeForAddress(request, "com.atproto.server.requestPasswordReset", services.env);
  const mailing = requestPasswordReset(services, email).catch((thrown: unknown) => {
    if (!isRefusal(thrown)) throw thrown;
  });
  services.defer(mailing);
}

interface Said {
  /** Whether the code was mailed, so that the page asks for it. */
  sent: boolean;
  email?: string;
  /** From a link (`internal.atoll.admin.createResetCode`). */
  code?: string;
  problem?: Problem;
}

/** The code that a link carries, if it is like one. */
function saidByLink({ url }: Visit): Said {
  const code = url.searchParams.get("code") ?? "";
  return /^[A-Z0-9-]{5,20}$/i.test(code) ? { sent: true, code } : { sent: false };
}

export function showReset(visit: Visit, said: Said = saidByLink(visit)): Response {
  const sender = { action: "/account/reset", csrf: visit.browser.csrf };
  return render(visit, <ResetPage {...visit.frame} sender={sender} {...said} />, {
    status: said.problem === undefined ? 200 : 400,
  });
}
