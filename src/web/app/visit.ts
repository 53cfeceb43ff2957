/** The context of every page of the app: one request, by whom, in which language. */
import type { Did } from "@atcute/lexicons";
import { getUnreadCount } from "../../appview/reads/methods/notification/notifications.ts";
import type { MemberViewContext, ViewContext } from "../../appview/reads/view-context.ts";
import type { Services } from "../../xrpc/server/services.ts";
import { type HostWords, wordsOf } from "../visit.ts";
import { GUEST, type Tastes } from "./judgement.ts";
import { type Reader, readerOf } from "./reader.ts";
import { type Speech, speechOf, wordsFor } from "./words/speech.ts";

/** What a form needs of the page that it is on. */
export interface Forms {
  csrf: string;
  /** Path and query of the page, to come back to. */
  back: string;
}

/** What every part of a page may look at. */
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
}

export interface AppVisit {
  services: Services;
  request: Request;
  url: URL;
  scene: Scene;
  /** Null: a guest, whose page may be shared with other guests. */
  reader: Reader | null;
  reading: ViewContext;
  /** Settles when `scene.unread` is known. */
  counted: Promise<void>;
}

/** A visit by a member. */
export type MemberVisit = AppVisit & { reader: Reader; reading: MemberViewContext };

export const isMember = (visit: AppVisit): visit is MemberVisit => visit.reader !== null;

export async function appVisit(services: Services, request: Request): Promise<AppVisit> {
  const reader = await readerOf(services, request);
  const url = new URL(request.url);
  const scene: Scene = {
    host: wordsOf(services),
    speech: speechOf(wordsFor(request.headers.get("accept-language"))),
    tastes: reader?.tastes ?? GUEST,
    now: Date.now(),
    viewer: reader === null ? null : { did: reader.member.did, handle: reader.member.handle },
    forms: reader === null ? null : { csrf: reader.browser.csrf, back: url.pathname + url.search },
    unread: 0,
  };
  // Whoever looks at their notifications has none that are new. Profiles and threads have no queries to spare:
  // with the count, they come to 51, and the free plan allows 50 a request.
  const counted =
    reader === null || url.pathname === "/notifications" || url.pathname.startsWith("/profile/")
      ? Promise.resolve()
      : countInto(scene, services.appview.on(reader.member.did));
  return {
    services,
    request,
    url,
    scene,
    reader,
    reading: services.appview.on(scene.viewer?.did ?? null),
    counted,
  };
}

/** The badge is no reason for a page to fail. */
async function countInto(scene: Scene, reading: MemberViewContext): Promise<void> {
  try {
    const { count } = await getUnreadCount(reading, {});
    scene.unread = count;
  } catch {
    scene.unread = 0;
  }
}
