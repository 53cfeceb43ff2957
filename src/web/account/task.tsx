/** A task of the account page: what its page shows, and what its forms do. */
import type { Child } from "hono/jsx";
import type { OAuthServer } from "../../oauth/provider.ts";
import { oauthServer } from "../../oauth/provider.ts";
import { oauthContextOf } from "../../xrpc/server/oauth.ts";
import type { Fields } from "../forms.ts";
import type { RecoveryAsked } from "../pages/account/recovery.tsx";
import type { AccountFrame } from "../pages/account/task-page.tsx";
import { type Problem, problemOf } from "../problems.ts";
import { errorPage, render } from "../replies.tsx";
import type { Visit } from "../visit.ts";
import { type MemberVisit, confirmFirst, memberVisit, within } from "./member-visit.ts";
import { entryOf } from "../../protocol/json.ts";

/** The outcome of a form, shown on the next page. */
export interface Said {
  done?: string;
  problem?: Problem;
  fields?: Fields;
  waiting?: "change" | "confirm" | "delete";
  created?: { name: string; password: string };
  /** The purpose of a mailed code for a recovery key. */
  asked?: RecoveryAsked | undefined;
}

type Show = (visit: MemberVisit, said: Said) => Promise<Response> | Response;
type Take = (visit: MemberVisit, fields: Fields) => Promise<Said | Response>;

export interface Task {
  show: Show;
  /** Handlers by the form's `step`. */
  steps: Record<string, Take>;
  /** Requires a recent sign-in (`MemberVisit.confirmed`). */
  careful?: true;
}

function frameOf(visit: MemberVisit, said: Said): AccountFrame {
  const { frame, member, browser, url } = visit;
  return {
    ...frame,
    member,
    to: (path) => within(visit, path),
    sender: { action: within(visit, url.pathname), csrf: browser.csrf },
    done: said.done,
    problem: said.problem,
  };
}

export function shown(visit: MemberVisit, said: Said, tree: (frame: AccountFrame) => Child): Response {
  return render(visit, tree(frameOf(visit, said)), { status: said.problem === undefined ? 200 : 400 });
}

/** The authorization server, for the few tasks that look into an app's sessions. */
export const serverOf = async ({ services }: Visit): Promise<OAuthServer> =>
  oauthServer(await oauthContextOf(services));

/** @param fields the posted form; null to show the page */
export async function serveTask(task: Task, anybody: Visit, fields: Fields | null): Promise<Response> {
  const visit = await memberVisit(anybody);
  if (visit instanceof Response) return visit;
  if (task.careful && !visit.confirmed) return confirmFirst(visit);
  if (fields === null) return task.show(visit, {});
  const name = fields.get("step") ?? "";
  const step = entryOf(task.steps, name);
  if (step === undefined) return errorPage(visit, "This form is none of this page.");
  const said = await outcomeOf(step, visit, fields);
  return said instanceof Response ? said : task.show(await again(visit), said);
}

async function outcomeOf(step: Take, visit: MemberVisit, fields: Fields): Promise<Said | Response> {
  try {
    return await step(visit, fields);
  } catch (thrown) {
    return { problem: problemOf(thrown, fields.keys()), fields };
  }
}

/** Reads the member again, since a form may have changed them. */
async function again(visit: MemberVisit): Promise<MemberVisit> {
  const member = await visit.services.directory.findByDid(visit.member.did);
  return member === null ? visit : { ...visit, member };
}
