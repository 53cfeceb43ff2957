/** How a path of the pages is served. */
import type { Fields } from "./forms.ts";
import { notFound } from "./host/host-pages.tsx";
import { errorPage, isNavigation, ownForm } from "./replies.tsx";
import type { Visit } from "./visit.ts";

export interface Route {
  show?: (visit: Visit) => Response | Promise<Response>;
  /** Takes a form that one of our own pages sent. */
  take?: (visit: Visit, fields: Fields) => Response | Promise<Response>;
  /** Whether `show` answers with a file. Browsers do not treat a download as a navigation. */
  download?: true;
}

export async function serveRoute({ show, take, download }: Route, visit: Visit): Promise<Response> {
  const { request, frame } = visit;
  if (request.method === "POST" && take !== undefined) {
    const fields = await ownForm(visit);
    return fields instanceof Response ? fields : take(visit, fields);
  }
  if (request.method === "POST" || show === undefined) return notFound(frame);
  if (!download && !isNavigation(request))
    return errorPage(visit, "This page only opens as a page of its own.");
  return show(visit);
}
