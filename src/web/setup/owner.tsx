/**
 * The owner's account: made here, without an invite, or one that is here already, such as one that moved in. Its
 * passkeys and recovery key have pages of their own.
 */
import { makeOwner } from "../../lifecycle/host/set-up.ts";
import { isUnset } from "../../identity/host.ts";
import type { Member } from "../../identity/member.ts";
import { createInviteCode } from "../../xrpc/accounts/invitations.ts";
import type { ActingCaller } from "../../xrpc/server/role-policies.ts";
import type { Fields } from "../forms.ts";
import { KNOWN, OwnerPage } from "../pages/setup/owner.tsx";
import { type Problem, wrong } from "../problems.ts";
import { goTo } from "../replies.tsx";
import { type Outcome, signIn, signUp, valuesOf } from "../sign-in/credentials.ts";
import { SETUP, type SetUpVisit } from "./access.tsx";
import { type Said, type SetUpTask, leave, shown } from "./task.tsx";

const PLACE = `${SETUP}/owner`;

function show(visit: SetUpVisit, said: Said): Response {
  const { services, state } = visit;
  const fields: Fields = said.fields ?? new Map();
  return shown(visit, "owner", said, (frame) => (
    <OwnerPage
      {...frame}
      owned={state.owned}
      unset={isUnset(services.env)}
      values={valuesOf(fields)}
      known={fields.get("identifier") ?? null}
      closed={services.env.REGISTRATION === "closed"}
    />
  ));
}

async function obtain(visit: SetUpVisit, way: () => Promise<Outcome>): Promise<Problem | Response> {
  const { services, state } = visit;
  if (isUnset(services.env)) return wrong("The host needs its address first.");
  if (state.owned) return wrong("The host has an owner already.");
  const outcome = await way();
  if ("member" in outcome) return install(visit, outcome.member);
  // Somebody pressed twice: the first time, all went well.
  const { owned } = await visit.setUp.read(null);
  return owned ? goTo(visit, PLACE) : outcome.problem;
}

async function install(visit: SetUpVisit, { did, status }: Member): Promise<Problem | Response> {
  if (status !== "active")
    return wrong("This account is switched off. Switch it on first, in the app by which it moved in.");
  await makeOwner(visit.services.env, did);
  await visit.setUp.leave("owner");
  return goTo(visit, PLACE);
}

async function create(visit: SetUpVisit, fields: Fields): Promise<Said | Response> {
  const got = await obtain(visit, () => signUp(visit, fields, null, "owner"));
  return got instanceof Response ? got : { problem: got, fields };
}

const SET_UP: ActingCaller = { kind: "acting", actor: "setup", role: "owner", createdBy: "admin" };

/** Makes an invite for an account that shall move in, and then be the owner's. */
async function invite({ services }: SetUpVisit): Promise<Said> {
  if (isUnset(services.env)) return { problem: wrong("The host needs its address first.") };
  const { code } = await createInviteCode(services, SET_UP, { useCount: 1 });
  return { done: `The invite, good for one account: ${code}` };
}

/** Takes an account that is here. Its fields have names of their own on the page, beside those of a new account. */
async function take(visit: SetUpVisit, fields: Fields): Promise<Said | Response> {
  const got = await obtain(visit, () => signIn(visit, fields, null));
  if (got instanceof Response) return got;
  return { problem: { ...got, field: got.field === null ? null : KNOWN + got.field }, fields };
}

export const owner: SetUpTask = {
  show,
  steps: { "sign-up": create, take, invite, "go-on": (visit) => leave(visit, "owner") },
};
