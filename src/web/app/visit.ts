/** The context of every page of the app: one request, by whom, in which language. */
import type { Did } from "@atcute/lexicons";
import type { Member } from "../../identity/member.ts";
import { personOf } from "../../lifecycle/host/person.ts";
import { countUnread } from "../../appview/reads/methods/notification/notifications.ts";
import type { MemberViewContext, ViewContext } from "../../appview/reads/view-context.ts";
import type { Services } from "../../xrpc/server/services.ts";
import { type HostWords, wordsOf } from "../visit.ts";
import { type Tastes, guestTastes } from "./judgement.ts";
import { type Reader, labelingOf, readerOf } from "./reader.ts";
import { viewsElsewhere } from "./views/elsewhere.ts";
import { type MemberViews, type Views, hasViewer, viewsOfIndex } from "./views/of-index.ts";
import { viewsOfRepo } from "./views/of-repo.ts";
import { type Speech, speechOf, wordsFor } from "./words/speech.ts";

/** The facts of a page that its forms need. */
export interface Forms {
  csrf: string;
  /** Path and query of the page, to come back to. */
  back: string;
}

/** The facts that every part of a page may look at. */
export interface Scene {
  host: HostWords;
  speech: Speech;
  tastes: Tastes;
  /** Milliseconds. */
  now: number;
  /** The reader's own account; null for a guest. */
  viewer: { did: Did; handle: string } | null;
  /** Null for a guest, who has nothing to send. */
  forms: Forms | null;
  /** Unread notifications; known when the page is rendered. */
  unread: number;
  /** Whether the reader can search. */
  searches: boolean;
  /** Whether the reader is a moderator or an owner. */
  moderates: boolean;
}

export interface AppVisit {
  services: Services;
  request: Request;
  url: URL;
  scene: Scene;
  /** Null: a guest, whose page may be shared with other guests. */
  reader: Reader | null;
  /** The host's own index, which is empty where the AppView is elsewhere. */
  reading: ViewContext;
  /** Whether the host's own AppView answers. */
  hasIndex: boolean;
  /** The views that the page is made of, wherever they come from. */
  views: Views;
  /** For what stands beside the page. It goes with the page's own trips, so await it after those, or after `end`. */
  beside: Views;
  /** Whose place one person's host is; null for a community's, and before there is anybody. */
  person: Member | null;
  /** Says that the page has read all that it needs. */
  end: () => void;
  /** Ends the page's reads; resolves when `scene.unread` is known. */
  counted(): Promise<void>;
}

/** A visit by a member. */
export type MemberVisit = AppVisit & {
  reader: Reader;
  reading: MemberViewContext;
  views: MemberViews;
  beside: MemberViews;
};

export const isMember = (visit: AppVisit): visit is MemberVisit => visit.reader !== null;

export async function appVisit(services: Services, request: Request): Promise<AppVisit> {
  const { APPVIEW, HOST_KIND, DIRECTORY } = services.env;
  const [reader, person] = await Promise.all([
    readerOf(services, request),
    HOST_KIND === "person" ? personOf(DIRECTORY) : null,
  ]);
  const hasIndex = APPVIEW === "local";
  const host = wordsOf(services);
  const url = new URL(request.url);
  const scene: Scene = {
    host,
    speech: speechOf(wordsFor(request.headers.get("accept-language"))),
    tastes: reader?.tastes ?? guestTastes(labelingOf(services)),
    now: Date.now(),
    viewer: reader === null ? null : { did: reader.member.did, handle: reader.member.handle },
    forms: reader === null ? null : { csrf: reader.browser.csrf, back: url.pathname + url.search },
    unread: 0,
    moderates: (reader?.acting ?? null) !== null,
    searches: reader !== null || (hasIndex && host.isOpen),
  };
  const lookUp = reader === null ? null : services.elsewhere(reader.member.did);
  const contexts = services.appview.onPage(scene.viewer?.did ?? null, lookUp);
  const elsewhere = hasIndex || reader === null ? null : viewsElsewhere(services, reader.member.did, request);
  const viewsOn = (reading: ViewContext): Views =>
    hasIndex ? viewsOfIndex(services, reading, request) : (elsewhere ?? viewsOfRepo(services, person));
  const count = counterOf(scene, contexts.beside, elsewhere);
  // Where the answer may be no page, nothing is counted before it is known to be one.
  const early = request.method === "GET" && !url.pathname.endsWith("/rss") && !looksAtNews(request, url);
  const begun = early ? count() : null;
  return {
    services,
    request,
    url,
    scene,
    reader,
    reading: contexts.reading,
    hasIndex,
    views: viewsOn(contexts.reading),
    beside: viewsOn(contexts.beside),
    person,
    end: contexts.end,
    async counted() {
      contexts.end();
      await (begun ?? (looksAtNews(request, url) ? null : count()));
    },
  };
}

/**
 * Whether a member looks at what is new, and so has nothing unread any more. Where the page's own worker passes a
 * navigation on, it has no destination any more (`sec-fetch-dest: empty`), but its mode tells it from a script's.
 */
export const looksAtNews = ({ headers }: Request, { pathname, searchParams }: URL): boolean =>
  pathname === "/notifications" &&
  !searchParams.has("cursor") &&
  (headers.get("sec-fetch-mode") ?? "navigate") === "navigate";

/** The badge shows no larger number. */
export const BADGE_MOST = 100;

/** The badge is no reason for a page to fail. */
const counterOf =
  (scene: Scene, beside: ViewContext, elsewhere: MemberViews | null) => async (): Promise<void> => {
    if (!hasViewer(beside)) return;
    try {
      scene.unread =
        elsewhere === null
          ? await countUnread(beside, BADGE_MOST)
          : Math.min(BADGE_MOST, (await elsewhere.getUnreadCount({})).count);
    } catch {
      scene.unread = 0;
    }
  };
