/** The checklist as the last page of set-up. */
import { checkAll, sendTestMail } from "../../lifecycle/host/checks.ts";
import { isUnset } from "../../identity/host.ts";
import { HealthPage } from "../pages/setup/health.tsx";
import { wrong } from "../problems.ts";
import { goTo } from "../replies.tsx";
import type { SetUpVisit } from "./access.tsx";
import { type Said, type SetUpTask, shown } from "./task.tsx";

async function show(visit: SetUpVisit, said: Said): Promise<Response> {
  const checks = await checkAll(visit.services);
  const { owned } = visit.state;
  return shown(visit, "health", said, (frame) => (
    <HealthPage {...frame} checks={checks} owned={owned} unset={isUnset(visit.services.env)} />
  ));
}

async function mail(visit: SetUpVisit): Promise<Said> {
  const to = (await visit.browser.signedIn())[0]?.member.email ?? null;
  if (to === null) return { problem: wrong("Sign in first, so that the host knows your address.") };
  const outcome = await sendTestMail(visit.services, to);
  return outcome === "sent"
    ? { done: "A mail is on its way to you. Look into the folder for spam, too." }
    : {
        problem: wrong("The mail was not accepted. Look at the sender and the key, or at the Worker’s log."),
      };
}

async function finish(visit: SetUpVisit): Promise<Said | Response> {
  if (isUnset(visit.services.env)) return { problem: wrong("The host needs its address first.") };
  await visit.setUp.finish();
  return goTo(visit, "/");
}

export const health: SetUpTask = { show, steps: { mail, finish } };
