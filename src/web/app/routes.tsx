/** Every path of the app. Loaded by the edge with the first request for one of them. */
import { type RefusalShape, isRefusal } from "../../protocol/refusal.ts";
import type { Services } from "../../xrpc/server/services.ts";
import { ifNew } from "./answers.tsx";
import { appAsset } from "./frame/assets.ts";
import { community } from "./pages/community.tsx";
import { feedPage, listPage, starterPackPage } from "./pages/feeds.tsx";
import { isKind, ofProfile } from "./pages/people.tsx";
import { communityRss, profileRss } from "./pages/rss.ts";
import { hashtag, searchPage } from "./pages/search.tsx";
import { thread } from "./pages/thread.tsx";
import { actorIn } from "./pages/asked.ts";
import { missing } from "./pages/missing.tsx";
import { profile } from "./pages/profile.tsx";
import { shared } from "./shared.ts";
import { type AppVisit, appVisit } from "./visit.ts";

type Page = (visit: AppVisit) => Promise<Response>;

/** The page at a path; null if there can be none. */
function pageAt([first, ...rest]: readonly string[]): Page | null {
  const [second = "", third = "", ...more] = rest;
  switch (first) {
    case undefined:
      return community;
    case "rss":
      return rest.length === 0 ? communityRss : null;
    case "search":
      return rest.length === 0 ? searchPage : null;
    case "hashtag":
      return rest.length === 1 ? (visit) => hashtag(visit, second) : null;
    case "starter-pack": {
      const actor = actorIn(second);
      return actor === null || third === "" || more.length > 0
        ? null
        : (visit) => starterPackPage(visit, actor, third);
    }
    case "profile": {
      const actor = actorIn(second);
      return actor === null ? null : profilePage(actor, rest.slice(1));
    }
    default:
      return null;
  }
}

const RECORDS: Readonly<Record<string, (visit: AppVisit, actor: string, rkey: string) => Promise<Response>>> =
  {
    post: thread,
    feed: feedPage,
    lists: listPage,
  };

function profilePage(actor: string, [kind, rkey, ...more]: readonly string[]): Page | null {
  if (kind === undefined) return (visit) => profile(visit, actor);
  if (rkey === undefined) {
    if (kind === "rss") return (visit) => profileRss(visit, actor);
    return isKind(kind) ? (visit) => ofProfile(visit, actor, kind) : null;
  }
  const record = Object.hasOwn(RECORDS, kind) ? RECORDS[kind] : undefined;
  return record === undefined || more.length > 0 ? null : (visit) => record(visit, actor, rkey);
}

/** The parts of a path, decoded; null if it is malformed. */
function partsOf(pathname: string): string[] | null {
  try {
    return pathname.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return null;
  }
}

export async function serveApp(services: Services, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const asset = appAsset(pathname);
  if (asset !== null) return asset;
  const answer = await shared(request, services, async () => {
    const path = partsOf(pathname);
    const page = path === null ? null : pageAt(path);
    const visit = await appVisit(services, request);
    return page === null ? missing(visit) : shown(visit, page);
  });
  return ifNew(request, answer);
}

/** A page, or the page that says why there is none. */
async function shown(visit: AppVisit, page: Page): Promise<Response> {
  try {
    return await page(visit);
  } catch (thrown) {
    if (!isRefusal(thrown) || thrown.status >= 429) throw thrown;
    return missing(visit, reasonFor(visit, thrown));
  }
}

function reasonFor({ scene }: AppVisit, { error }: RefusalShape): string | undefined {
  const { words } = scene.speech;
  switch (error) {
    case "AccountTakedown":
      return words.takenDown;
    case "AccountDeactivated":
      return words.gone;
    case "BlockedActor":
    case "BlockedByActor":
      return words.blocked;
    default:
      return undefined;
  }
}
