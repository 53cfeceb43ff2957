/**
 * Password reset: a mailed code lets a member set a new password. Does not reveal who has an account here.
 */
import { requestPasswordReset, resetPassword } from "../../lifecycle/password.ts";
import { consumeForAddress } from "../../xrpc/server/address-limits.ts";
import { type Fields, lineOf, problemOf } from "../forms.ts";
import { ResetPage } from "../pages/reset.tsx";
import { goTo, render } from "../replies.tsx";
import type { Visit } from "../visit.ts";
import { PASSWORD_MIN } from "./credentials.ts";

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
      const problem = "Please take a longer password: at least 8 characters.";
      return showReset(visit, { sent, email, problem });
    }
    consumeForAddress(visit.request, "com.atproto.server.resetPassword", visit.services.env);
    await resetPassword(visit.services, lineOf(fields, "code"), password);
  } catch (thrown) {
    return showReset(visit, { sent, email, problem: problemOf(thrown) });
  }
  return goTo(visit, "/account/sign-in?new=password");
}

/** Neither the answer nor its timing reveals whether an account has that address. */
async function sendCode({ services, request }: Visit, email: string): Promise<void> {
  consumeForAddress(request, "com.atproto.server.requestPasswordReset", services.env);
  const found = await services.directory.findByEmail(email);
  if (found !== null) services.defer(requestPasswordReset(services, email));
}

interface Said {
  /** Whether the code was mailed, so that the page asks for it. */
  sent: boolean;
  email?: string;
  problem?: string;
}

export function showReset(visit: Visit, said: Said = { sent: false }): Response {
  const sender = { action: "/account/reset", csrf: visit.browser.csrf };
  return render(visit, <ResetPage {...visit.frame} sender={sender} {...said} />, {
    status: said.problem === undefined ? 200 : 400,
  });
}
