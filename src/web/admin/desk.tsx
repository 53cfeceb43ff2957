/** A page of the admin's desk: who may see it, what it shows, and what its forms do. */
import type { Child } from "hono/jsx";
import type { Role } from "../../moderation/roles.ts";
import { confirmFirst, within } from "../account/member-visit.ts";
import type { Fields } from "../forms.ts";
import type { OwnLabel } from "../../protocol/settings/own-labels.ts";
import type { DeskFrame } from "../pages/admin/desk-page.tsx";
import { type Problem, problemOf } from "../problems.ts";
import { errorPage, pathWith, render } from "../replies.tsx";
import type { Visit } from "../visit.ts";
import { type RoleVisit, roleVisit } from "./role-visit.ts";

export interface DeskVisit extends RoleVisit {
  /** The rest of the path behind the page's own name, such as a member's DID; empty if nothing does. */
  about: string;
}

/** The outcome of a form, shown on the next page. */
export interface Said {
  done?: string;
  problem?: Problem;
  fields?: Fields;
  /** A text that is shown this once, for the reader to pass on. */
  once?: { text: string; what: string };
  /** Whether backups have a key, after a form that gave them one. */
  hasKey?: true;
  /** The community's labels, after a form that changed them. */
  labels?: readonly OwnLabel[];
}

export interface Step {
  may: readonly Role[];
  /** Requires a recent sign-in (`MemberVisit.confirmed`). */
  careful?: true;
  take(visit: DeskVisit, fields: Fields): Promise<Said | Response>;
}

export interface DeskPage {
  may: readonly Role[];
  show(visit: DeskVisit, said: Said): Promise<Response>;
  /** Handlers by the form's `step`. */
  steps: Readonly<Record<string, Step>>;
}

function frameOf(visit: DeskVisit, said: Said): DeskFrame {
  const { frame, browser, url, role, confirmed, member } = visit;
  return {
    ...frame,
    role,
    member,
    confirmed,
    here: url.pathname,
    to: (path, query = {}) => wayTo(visit, path, query),
    as: visit.others ? member.did : null,
    sender: { action: within(visit, url.pathname), csrf: browser.csrf },
    done: said.done,
    problem: said.problem,
    once: said.once,
  };
}

function wayTo({ others, member }: DeskVisit, path: string, query: Record<string, string>): string {
  const whole = others ? { ...query, as: member.did } : query;
  return Object.keys(whole).length === 0 ? path : pathWith(path, whole);
}

export const shown = (visit: DeskVisit, said: Said, tree: (frame: DeskFrame) => Child): Response =>
  render(visit, tree(frameOf(visit, said)), { status: said.problem === undefined ? 200 : 400 });

/** @param fields the posted form; null to show the page */
export async function serveDesk(
  page: DeskPage,
  about: string,
  anybody: Visit,
  fields: Fields | null,
): Promise<Response> {
  const name = fields?.get("step") ?? "";
  const step = fields !== null && Object.hasOwn(page.steps, name) ? page.steps[name] : null;
  const holder = await roleVisit(anybody, step?.may ?? page.may);
  if (holder instanceof Response) return holder;
  const visit = { ...holder, about };
  if (fields === null) return page.show(visit, {});
  if (!step) return errorPage(visit, "This form is none of this page.");
  if (step.careful && !visit.confirmed) return confirmFirst(visit);
  const said = await outcomeOf(step, visit, fields);
  return said instanceof Response ? said : page.show(visit, said);
}

async function outcomeOf(step: Step, visit: DeskVisit, fields: Fields): Promise<Said | Response> {
  try {
    return await step.take(visit, fields);
  } catch (thrown) {
    return { problem: problemOf(thrown, fields.keys()), fields };
  }
}
