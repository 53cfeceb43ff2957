/** The page for what is not here. */
import { appPage } from "../answers.tsx";
import { Shell } from "../frame/shell.tsx";
import type { AppVisit } from "../visit.ts";

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
