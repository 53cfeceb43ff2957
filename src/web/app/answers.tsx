/** Responses of the app: pages, feeds for readers, and what caches may keep of them. */
import type { Child } from "hono/jsx";
import { digestOf } from "../../oauth/digest.ts";
import { documentOf, markupOf } from "../pages/layout.tsx";
import { READER_HEADER } from "./frame/offline-script.ts";
import { coloursOf, inlineStyle } from "./frame/colours.ts";
import type { AppVisit } from "./visit.ts";

/** How long shared caches keep what a guest sees, in seconds. */
const SHARED_SECONDS = 15;

/**
 * The headers that tell answers at one address apart: a browser may have a member's cookie, a language, and
 * a wish for a page or for data.
 */
const VARY = "accept, accept-language, cookie";

/** Nothing may frame a page; only our own scripts and styles run; media come from this host alone. */
const policyOf = (colour: string, media: string) =>
  [
    "default-src 'none'",
    `style-src 'self' '${inlineStyle(coloursOf(colour))}'`,
    "script-src 'self'",
    `img-src 'self' data: blob:${media}`,
    `media-src 'self'${media}`,
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");

interface Given {
  status?: number;
  headers?: Headers;
}

/** A page; it is rendered when what it counts is known. */
export async function appPage(visit: AppVisit, tree: Child, given: Given = {}): Promise<Response> {
  await visit.counted();
  const { host } = visit.scene;
  const headers = given.headers ?? new Headers();
  // An AppView elsewhere names its own servers' pictures, and only a member asks it.
  const isElsewhere = !visit.hasIndex && visit.reader !== null;
  const media = isElsewhere ? (visit.services.host.local ? " https: http:" : " https:") : "";
  headers.set("content-security-policy", policyOf(host.colour, media));
  headers.set("x-frame-options", "DENY");
  headers.set("referrer-policy", "strict-origin-when-cross-origin");
  if (host.origin.startsWith("https:")) headers.set("strict-transport-security", "max-age=63072000");
  return told(visit, documentOf(tree), "text/html; charset=utf-8", { ...given, headers });
}

export const appFile = (visit: AppVisit, text: string, type: string): Response => told(visit, text, type, {});

function told(visit: AppVisit, text: string, type: string, { status = 200, headers = new Headers() }: Given) {
  headers.set("content-type", type);
  headers.set("x-content-type-options", "nosniff");
  headers.set(
    READER_HEADER,
    visit.reader === null ? "guest" : digestOf(visit.reader.member.did).slice(0, 12),
  );
  headers.set("vary", VARY);
  headers.set("content-language", visit.scene.speech.words.lang);
  if (visit.reader !== null) {
    // The browser alone may keep it, so that going back comes back to the place.
    headers.set("cache-control", "private, no-cache");
    visit.reader.browser.writeTo(headers);
    return new Response(text, { status, headers });
  }
  const tag = `"${digestOf(text).slice(0, 24)}"`;
  headers.set("etag", tag);
  headers.set("cache-control", `public, max-age=0, s-maxage=${SHARED_SECONDS}`);
  return new Response(text, { status, headers });
}

/** A part of a page, for the page's script. */
export const appPart = (tree: Child): Response =>
  new Response(markupOf(tree), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });

/** Sends the browser on to a path of this host, after a form. */
export const goOn = (path: string): Response =>
  new Response(null, { status: 303, headers: { location: path, "cache-control": "no-store" } });

/** An answer without its body, if the client has it already (RFC 9110, section 13.1.2). */
export function ifNew(request: Request, answer: Response): Response {
  const tag = answer.headers.get("etag");
  const known = request.headers.get("if-none-match");
  if (tag === null || known === null || answer.status !== 200) return answer;
  const isKnown = known.split(",").some((each) => each.trim().replace(/^W\//, "") === tag);
  if (!isKnown) return answer;
  const { headers } = answer;
  return new Response(null, { status: 304, headers });
}
