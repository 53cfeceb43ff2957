/** The page for what is not here. */
import { appPage } from "../answers.tsx";
import { Shell } from "../frame/shell.tsx";
import type { AppVisit } from "../visit.ts";

/** The page for when the AppView, which is elsewhere, does not answer. */
export function noAnswer(visit: AppVisit): Promise<Response> {
  const { scene, url, request } = visit;
  const { words } = scene.speech;
  const again = request.method === "GET" ? url.pathname + url.search : "/";
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title: words.noAnswer, path: url.pathname, indexed: false }}>
      <div class="head">
        <h1>{words.noAnswer}</h1>
        <p>{words.noAnswerWhy}</p>
        <p>
          <a class="button first" href={again}>
            {words.again}
          </a>
        </p>
      </div>
    </Shell>,
    { status: 502 },
  );
}

export function missing(visit: AppVisit, reason?: string, status = 404): Promise<Response> {
  const { scene, url } = visit;
  const { words } = scene.speech;
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title: words.nothingHere, path: url.pathname, indexed: false }}>
      <div class="head">
        <h1>{words.nothingHere}</h1>
        <p>{reason ?? words.noPage}</p>
        <p>
          <a class="button second" href="/">
            {words.toHome}
          </a>
        </p>
      </div>
    </Shell>,
    { status },
  );
}
