/** The paths of set-up. Loaded with the first request for one of them. */
import type { Fields } from "../forms.ts";
import { answerAddress } from "../../lifecycle/host/reach.ts";
import { notFound } from "../host/host-pages.tsx";
import { isNavigation, errorPage, ownForm } from "../replies.tsx";
import type { Visit } from "../visit.ts";
import { SETUP, setUpVisit, takeCode, takePass } from "./access.tsx";
import { address } from "./address.tsx";
import { handles } from "./handles.tsx";
import { health } from "./health.tsx";
import { overview } from "./overview.tsx";
import { owner } from "./owner.tsx";
import { type PageName, isPageName } from "./pages.ts";
import { SETTINGS_PAGES } from "./settings-pages.ts";
import { settingsTask } from "./settings-task.tsx";
import { type SetUpTask, serveTask } from "./task.tsx";

const OWN_TASKS: Partial<Record<PageName, SetUpTask>> = { address, handles, owner, health };

function taskOf(name: PageName): SetUpTask | null {
  const page = SETTINGS_PAGES[name];
  return OWN_TASKS[name] ?? (page === undefined ? null : settingsTask(name, page));
}

export async function serveSetUp(visit: Visit): Promise<Response> {
  const { request, url, frame, secret } = visit;
  const here = answerAddress(url.pathname, secret);
  if (here !== null) return here;
  const name = url.pathname.slice(SETUP.length + 1).replace(/\/$/, "");
  if (name === "enter" && request.method === "GET") return takePass(visit);
  const task = isPageName(name) ? taskOf(name) : null;
  if (name !== "" && task === null) return notFound(frame);
  const fields = request.method === "POST" ? await ownForm(visit) : null;
  if (fields instanceof Response) return fields;
  if (fields === null && !isNavigation(request))
    return errorPage(visit, "This page only opens as a page of its own.");
  return serveWithin(visit, task, fields);
}

async function serveWithin(visit: Visit, task: SetUpTask | null, fields: Fields | null): Promise<Response> {
  if (task === null && fields?.get("step") === "open") return takeCode(visit, fields);
  const own = await setUpVisit(visit);
  if (own instanceof Response) return own;
  return task === null ? overview(own) : serveTask(task, own, fields);
}
