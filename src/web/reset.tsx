/**
 * Password reset: a mailed code lets a member set a new password. Does not reveal who has an account here.
 */
import { type Fields, type Visit, goTo, render } from "./account.tsx";
import { problemOf } from "./forms.ts";
import { ResetPage } from "./pages/sign-in.tsx";
import { PASSWORD_MIN } from "./signing-in.ts";

export async function serveReset(visit: Visit, fields: Fields | null): Promise<Response> {
  if (fields === null) return show(visit, false);
  const email = (fields.get("email") ?? "").trim();
  if (fields.get("step") !== "reset") {
    try {
      await visit.context.members.requestPasswordReset(email);
    } catch (thrown) {
      return show(visit, false, email, problemOf(thrown));
    }
    return show(visit, true, email);
  }
  const password = fields.get("password") ?? "";
  if (password.length < PASSWORD_MIN) {
    return show(visit, true, email, "Please take a longer password: at least 8 characters.");
  }
  try {
    await visit.context.members.resetPassword((fields.get("code") ?? "").trim(), password);
  } catch (thrown) {
    return show(visit, true, email, problemOf(thrown));
  }
  return goTo(visit, "/account/sign-in?new=password");
}

function show(visit: Visit, sent: boolean, email?: string, problem?: string): Response {
  const sender = { action: "/account/reset", csrf: visit.browser.csrf };
  return render(
    visit,
    <ResetPage {...visit.frame} sender={sender} sent={sent} email={email} problem={problem} />,
    problem === undefined ? 200 : 400,
  );
}
