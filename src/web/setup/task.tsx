/** A page of set-up: what it shows, and what its forms do. Each form leads on, so that no answer is repeated. */
import type { Child } from "hono/jsx";
import { UnfitSetting } from "../../lifecycle/host/settings.ts";
import type { Fields } from "../forms.ts";
import type { SetUpFrame } from "../pages/setup/frame.tsx";
import { type Problem, problemOf, wrong } from "../problems.ts";
import { errorPage, goTo, render } from "../replies.tsx";
import { SETUP, type SetUpVisit } from "./access.tsx";
import { PAGE_NAMES, type PageName, pathAfter } from "./pages.ts";
import { entryOf } from "../../protocol/json.ts";

export interface Said {
  done?: string;
  problem?: Problem;
  /** The form as it was sent, to be shown again. */
  fields?: Fields;
}

export interface SetUpTask {
  show(visit: SetUpVisit, said: Said): Promise<Response> | Response;
  /** Handlers by the form's `step`. */
  steps: Record<string, (visit: SetUpVisit, fields: Fields) => Promise<Said | Response>>;
}

function frameOf(visit: SetUpVisit, name: PageName, said: Said): SetUpFrame {
  return {
    ...visit.frame,
    sender: { action: `${SETUP}/${name}`, csrf: visit.browser.csrf },
    place: `${PAGE_NAMES.indexOf(name) + 1} of ${PAGE_NAMES.length}`,
    problem: said.problem,
    done: said.done,
  };
}

export const shown = (
  visit: SetUpVisit,
  name: PageName,
  said: Said,
  tree: (frame: SetUpFrame) => Child,
): Response =>
  render(visit, tree(frameOf(visit, name, said)), { status: said.problem === undefined ? 200 : 400 });

/** Notes that a page was left, and leads to the next. */
export async function leave(visit: SetUpVisit, name: PageName): Promise<Response> {
  await visit.setUp.leave(name);
  return goTo(visit, pathAfter(name));
}

/** @param fields the posted form; null to show the page */
export async function serveTask(
  task: SetUpTask,
  visit: SetUpVisit,
  fields: Fields | null,
): Promise<Response> {
  if (fields === null) return task.show(visit, {});
  const name = fields.get("step") ?? "";
  const step = entryOf(task.steps, name);
  if (step === undefined) return errorPage(visit, "This form is none of this page.");
  try {
    const said = await step(visit, fields);
    return said instanceof Response ? said : await task.show(visit, said);
  } catch (thrown) {
    return task.show(visit, { problem: settingProblem(thrown) ?? problemOf(thrown, fields.keys()), fields });
  }
}

/** `is "x", which is not a URL` → `This is "x", which is not a URL.` */
export const settingProblem = (thrown: unknown): Problem | null =>
  thrown instanceof UnfitSetting ? wrong(`This ${thrown.message}.`, thrown.setting) : null;
