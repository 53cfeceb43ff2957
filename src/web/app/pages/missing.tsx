/** The page for what is not here. */
import { POST, uriOf } from "../../../appview/uris.ts";
import { appPage } from "../answers.tsx";
import { OFFLINE_PATH } from "../frame/offline-script.ts";
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

/** The page for when the network is away, and the page was never read before. The browser keeps it. */
export function offline(visit: AppVisit): Promise<Response> {
  const { scene } = visit;
  const { words } = scene.speech;
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title: words.offline, path: OFFLINE_PATH, indexed: false }}>
      <div class="head">
        <h1>{words.offline}</h1>
        <p>{words.offlineWhy}</p>
        <p>
          <a class="button second" href="/">
            {words.toHome}
          </a>
        </p>
      </div>
    </Shell>,
  );
}

/** Where a moderator decides about the profile or the post that a path names, which may be down; null for others. */
async function moderatedAt({ services, scene, url, request }: AppVisit): Promise<string | null> {
  const [, actor, rkey] = /^\/profile\/([^/]+)(?:\/post\/([\w.~:-]+))?$/.exec(url.pathname) ?? [];
  if (!scene.moderates || actor === undefined || request.method !== "GET") return null;
  const member = await services.directory.find(actor.toLowerCase());
  if (member === null) return null;
  const { did } = member;
  const subject: Record<string, string> = rkey === undefined ? { did } : { uri: uriOf(did, POST, rkey) };
  return `/app/moderate?${new URLSearchParams({ ...subject, do: "restore", back: url.pathname }).toString()}`;
}

export async function missing(visit: AppVisit, reason?: string, status = 404): Promise<Response> {
  const { scene, url } = visit;
  const { words } = scene.speech;
  const down = await moderatedAt(visit);
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
        {down === null ? null : (
          <p>
            <a href={down}>{words.moderation.moderate}</a>
          </p>
        )}
      </div>
    </Shell>,
    { status },
  );
}
