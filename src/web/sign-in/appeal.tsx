/** Appeals: a member whose account was taken down asks the moderators to look once more. */
import { APPEAL, ModerationReports } from "../../moderation/reports.ts";
import { checkPassword, normalizeIdentifier } from "../../xrpc/accounts/check-password.ts";
import { createReport } from "../../xrpc/accounts/create-report.ts";
import type { Fields } from "../forms.ts";
import { AppealPage } from "../pages/appeal.tsx";
import { EndPage } from "../pages/end.tsx";
import { type Problem, problemOf, wrong } from "../problems.ts";
import { render } from "../replies.tsx";
import type { Visit } from "../visit.ts";
import { completed } from "./credentials.ts";

/** Longest appeal, in characters. */
const APPEAL_MAX = 2_000;

export function showAppeal(visit: Visit, fields?: Fields, problem?: Problem): Response {
  const sender = { action: "/account/appeal", csrf: visit.browser.csrf };
  return render(
    visit,
    <AppealPage
      {...visit.frame}
      sender={sender}
      identifier={fields?.get("identifier")}
      words={fields?.get("words")}
      problem={problem}
    />,
    { status: problem === undefined ? 200 : 400 },
  );
}

export async function takeAppeal(visit: Visit, fields: Fields): Promise<Response> {
  const { services, request, frame } = visit;
  const reason = (fields.get("words") ?? "").trim().slice(0, APPEAL_MAX);
  if (reason === "")
    return showAppeal(visit, fields, wrong("Please say why they should look at it once more."));
  try {
    const identifier = completed(normalizeIdentifier(fields.get("identifier") ?? ""), frame.host);
    const claim = { identifier, password: fields.get("password") ?? "" };
    const { did, takedown } = (await checkPassword(services, request, claim)).member;
    if (takedown === null)
      return showAppeal(visit, fields, wrong("This account is not taken down: you can simply sign in."));
    if (await new ModerationReports(services.env.DIRECTORY).isAppealOpen(did))
      return showAppeal(visit, fields, wrong("They have your appeal already, and will look at it."));
    await createReport(services, {
      reasonType: APPEAL,
      reason,
      subjectDid: did,
      reportedBy: did,
    });
  } catch (thrown) {
    return showAppeal(visit, fields, problemOf(thrown));
  }
  return render(
    visit,
    <EndPage
      {...frame}
      title="They will look at it"
      message={`Your appeal is with the moderators of ${frame.host.name}. If they tell you what they decide, it comes by mail.`}
      way={{ href: "/", label: "To the front page" }}
    />,
  );
}
