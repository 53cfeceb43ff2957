/** The owner's account: made here, without an invite. Its passkeys and recovery key have pages of their own. */
import { makeOwner } from "../../lifecycle/host/checks.ts";
import { isUnset } from "../../identity/host.ts";
import type { Fields } from "../forms.ts";
import { OwnerPage } from "../pages/setup/owner.tsx";
import { wrong } from "../problems.ts";
import { goTo } from "../replies.tsx";
import { signUp, valuesOf } from "../sign-in/credentials.ts";
import { SETUP, type SetUpVisit } from "./access.tsx";
import { type Said, type SetUpTask, leave, shown } from "./task.tsx";

function show(visit: SetUpVisit, said: Said): Response {
  const { services, state } = visit;
  return shown(visit, "owner", said, (frame) => (
    <OwnerPage
      {...frame}
      owned={state.owned}
      unset={isUnset(services.env)}
      values={valuesOf(said.fields ?? new Map())}
    />
  ));
}

async function create(visit: SetUpVisit, fields: Fields): Promise<Said | Response> {
  const { services, state } = visit;
  if (isUnset(services.env)) return { problem: wrong("The host needs its address first."), fields };
  if (state.owned) return { problem: wrong("The host has an owner already."), fields };
  const outcome = await signUp(visit, fields, null, "owner");
  if ("problem" in outcome) return { problem: outcome.problem, fields };
  await makeOwner(services.env, outcome.member.did);
  await visit.setUp.leave("owner");
  return goTo(visit, `${SETUP}/owner`);
}

export const owner: SetUpTask = {
  show,
  steps: { "sign-up": create, "go-on": (visit) => leave(visit, "owner") },
};
