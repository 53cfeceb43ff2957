/** Every path of the app. Loaded by the edge with the first request for one of them. */
import { type RefusalShape, isRefusal } from "../../protocol/refusal.ts";
import type { Services } from "../../xrpc/server/services.ts";
import { type Fields, readForm } from "../forms.ts";
import { act } from "./acts/acts.tsx";
import { takePicture } from "./acts/picture.ts";
import { goOn, ifNew } from "./answers.tsx";
import { appAsset } from "./frame/assets.ts";
import { OFFLINE_PATH } from "./frame/offline-script.ts";
import { FORM_BYTES } from "./acts/faces.ts";
import { keys } from "./pages/keys.tsx";
import { offerCard, showCompose, takeCompose } from "./pages/compose.tsx";
import { showCardPicture } from "./cards/card-picture.ts";
import { drafts, takeDrafts } from "./pages/drafts.tsx";
import { showWishes, takeWish } from "./pages/wishes.tsx";
import { showProfile, takeProfile } from "./pages/edit-profile.tsx";
import { home } from "./pages/home.tsx";
import { showList, takeList } from "./pages/edit-list.tsx";
import { showLists } from "./pages/lists.tsx";
import { showModerate, takeModerate } from "./pages/moderate.tsx";
import { notifications } from "./pages/notifications.tsx";
import { showReport, takeReport } from "./pages/report.tsx";
import { saved } from "./pages/saved.tsx";
import { community, front } from "./pages/community.tsx";
import { feedPage, listPage } from "./pages/feeds.tsx";
import { starterPackPage } from "./pages/starter-pack.tsx";
import { isKind, ofProfile } from "./pages/people.tsx";
import { communityRss, profileRss } from "./pages/rss.ts";
import { hashtag, searchPage } from "./pages/search.tsx";
import { thread } from "./pages/thread.tsx";
import { actorIn } from "./pages/asked.ts";
import { missing, noAnswer, offline } from "./pages/missing.tsx";
import { profile } from "./pages/profile.tsx";
import { wordsOf } from "../visit.ts";
import { shared } from "./shared.ts";
import { viewsOfRepo } from "./views/of-repo.ts";
import { type AppVisit, type MemberVisit, appVisit, isMember } from "./visit.ts";
import { entryOf } from "../../protocol/json.ts";

type Page = (visit: AppVisit) => Promise<Response>;

/**
 * A member's front page is what they follow; everybody else's, and their other tabs, the community, or the one
 * person whose place it is.
 */
function root(visit: AppVisit): Promise<Response> {
  const { url, person, hasIndex } = visit;
  if (isMember(visit)) return hasIndex && url.searchParams.has("tab") ? community(visit) : home(visit);
  return person === null ? community(visit) : profile(visit, person.did, "/");
}

/** Whether a guest sees the front alone: by the owner's choice, or because there is nothing else to show. */
const seesFront = (visit: AppVisit): boolean =>
  !isMember(visit) && (!visit.scene.host.isOpen || (!visit.hasIndex && visit.person === null));

/** The page at a path; null if there can be none. */
function pageAt([first, ...rest]: readonly string[]): Page | null {
  const [second = "", third = "", ...more] = rest;
  switch (first) {
    case undefined:
      return root;
    case "rss":
      return rest.length === 0 ? communityRss : null;
    case "app":
      return rest.length === 1 && second === "keys" ? async (visit) => keys(visit) : null;
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
  const record = entryOf(RECORDS, kind);
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

/** Pages and forms of members; a guest is asked to sign in. */
interface OwnPage {
  show?: (visit: MemberVisit) => Promise<Response>;
  /** Takes a form that one of our own pages sent. */
  take?: (visit: MemberVisit, fields: Fields) => Promise<Response>;
  /** The most bytes of a form with files. */
  most?: number;
}

const OWN: Readonly<Record<string, OwnPage>> = {
  "/notifications": { show: notifications },
  "/saved": { show: saved },
  "/intent/compose": { show: showCompose, take: takeCompose },
  "/app/act": { take: act },
  "/app/report": { show: showReport, take: takeReport },
  "/app/card": { take: offerCard },
  "/app/card/picture": { show: showCardPicture },
  "/app/drafts": { show: drafts, take: takeDrafts },
  "/app/wishes": { show: showWishes, take: takeWish },
  "/app/picture": { take: takePicture },
  "/app/list": { show: showList, take: takeList },
  "/app/lists": { show: showLists },
  "/app/moderate": { show: showModerate, take: takeModerate },
  "/app/profile": { show: showProfile, take: takeProfile, most: FORM_BYTES },
};

export async function serveApp(services: Services, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const asset = appAsset(pathname, wordsOf(services));
  if (asset !== null) return asset;
  if (pathname === OFFLINE_PATH) return offline(await appVisit(services, request));
  const own = entryOf(OWN, pathname);
  if (own !== undefined) return serveOwn(own, await appVisit(services, request));
  const answer = await shared(request, services, async () => {
    const path = partsOf(pathname);
    const page = path === null || request.method === "POST" ? null : pageAt(path);
    const visit = await appVisit(services, request);
    if (seesFront(visit)) return front(visit);
    return page === null ? missing(visit) : shown(visit, page, ofOwnRepo(visit));
  });
  return ifNew(request, answer);
}

async function serveOwn({ show, take, most }: OwnPage, visit: AppVisit): Promise<Response> {
  const { request, url, scene } = visit;
  if (!isMember(visit)) {
    const to = request.method === "POST" ? "/" : url.pathname + url.search;
    return goOn(`/account/sign-in?${new URLSearchParams({ to }).toString()}`);
  }
  if (request.method !== "POST") return show === undefined ? missing(visit) : shown(visit, () => show(visit));
  if (take === takePicture) return takePicture(visit);
  const fields = await readForm(request, most);
  if (fields === null || !visit.reader.browser.isOurForm(fields.get("csrf") ?? null)) {
    return missing(visit, scene.speech.words.notOurs, 403);
  }
  return take === undefined ? missing(visit) : shown(visit, () => take(visit, fields));
}

/** A page, or the page that says why there is none. */
async function shown<V extends AppVisit>(
  visit: V,
  page: (visit: V) => Promise<Response>,
  silent: V | null = null,
): Promise<Response> {
  try {
    return await page(visit);
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    if (!visit.hasIndex && thrown.error === "UpstreamFailure") {
      return silent === null ? noAnswer(visit) : shown(silent, page);
    }
    if (thrown.status >= 429) throw thrown;
    return missing(visit, reasonFor(visit, thrown));
  }
}

/** For when an AppView elsewhere is silent: a member's own profile and posts stand on their own repo. */
function ofOwnRepo(visit: AppVisit): AppVisit | null {
  const { url, services, hasIndex } = visit;
  if (hasIndex || !isMember(visit)) return null;
  const { member } = visit.reader;
  const isOwn = [member.did, member.handle].some((name) => url.pathname.split("/")[2] === name);
  if (!isOwn || !/^\/profile\/[^/]+(\/post\/[^/]+)?$/.test(url.pathname)) return null;
  const views = viewsOfRepo(services, member);
  return { ...visit, views, beside: views };
}

function reasonFor({ scene, request }: AppVisit, { error }: RefusalShape): string | undefined {
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
      return request.method === "POST" ? words.notDone : undefined;
  }
}
