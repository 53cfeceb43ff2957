/** The context of every page of the app: one request, by whom, in which language. */
import type { Did } from "@atcute/lexicons";
import type { Member } from "../../identity/member.ts";
import type { ViewContext } from "../../appview/reads/view-context.ts";
import type { Services } from "../../xrpc/server/services.ts";
import { Browser, hasBrowserCookie } from "../sign-in/browser.ts";
import { type HostWords, wordsOf } from "../visit.ts";
import { GUEST, type Tastes } from "./judgement.ts";
import { type Speech, speechOf, wordsFor } from "./words/speech.ts";

/** A member who is signed in on this browser. */
export interface Reader {
  member: Member;
  browser: Browser;
  tastes: Tastes;
}

/** What every part of a page may look at. */
export interface Scene {
  host: HostWords;
  speech: Speech;
  tastes: Tastes;
  /** Milliseconds. */
  now: number;
  /** The reader's own DID; null for a guest. */
  viewer: Did | null;
}

export interface AppVisit {
  services: Services;
  request: Request;
  url: URL;
  scene: Scene;
  /** Null: a guest, whose page may be shared with other guests. */
  reader: Reader | null;
  reading: ViewContext;
}

export async function appVisit(services: Services, request: Request): Promise<AppVisit> {
  const reader = await readerOf(services, request);
  const viewer = reader?.member.did ?? null;
  const scene: Scene = {
    host: wordsOf(services),
    speech: speechOf(wordsFor(request.headers.get("accept-language"))),
    tastes: reader?.tastes ?? GUEST,
    now: Date.now(),
    viewer,
  };
  return {
    services,
    request,
    url: new URL(request.url),
    scene,
    reader,
    reading: services.appview.on(viewer),
  };
}

/** The member who signed in last on this browser. Asks no database for a browser without a cookie. */
async function readerOf(services: Services, request: Request): Promise<Reader | null> {
  if (!hasBrowserCookie(request, services)) return null;
  const secret = await services.directory.secret("JWT_SECRET");
  const browser = await Browser.of(services, secret, request);
  const [first] = (await browser.signedIn()).filter(
    ({ stale, member }) => !stale && member.state === "active",
  );
  if (first === undefined) return null;
  return { member: first.member, browser, tastes: { ...GUEST, member: true } };
}
