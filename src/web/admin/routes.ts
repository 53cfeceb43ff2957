/** Every path of the admin's pages. Loaded with the first request for one of them. */
import { notFound } from "../host/host-pages.tsx";
import { DESK_STYLE, DESK_STYLE_PATH } from "../pages/admin/style.css.ts";
import { serveRoute } from "../route.ts";
import type { Visit } from "../visit.ts";
import { type DeskPage, serveDesk } from "./desk.tsx";
import { home } from "./home.tsx";
import { member } from "./member.tsx";
import { members } from "./members.tsx";

/** By path; `*` is what the page is about. */
export const PAGES: Readonly<Record<string, DeskPage>> = {
  "/admin": home,
  "/admin/members": members,
  "/admin/members/*": member,
};

/** The page at a path, and what it is about. */
function pageAt(pathname: string): { page: DeskPage; about: string } | null {
  const plain = Object.hasOwn(PAGES, pathname) ? PAGES[pathname] : undefined;
  if (plain !== undefined) return { page: plain, about: "" };
  const [, folder = "", about = ""] = /^(\/admin\/[a-z-]+)\/([^/]+)$/.exec(pathname) ?? [];
  const pattern = `${folder}/*`;
  const page = Object.hasOwn(PAGES, pattern) ? PAGES[pattern] : undefined;
  return page === undefined ? null : { page, about: decoded(about) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

export async function serveAdmin(pathname: string, visitOf: () => Promise<Visit>): Promise<Response> {
  if (pathname === DESK_STYLE_PATH) return styleSheet();
  const visit = await visitOf();
  const found = pageAt(pathname);
  if (found === null) return notFound(visit.frame);
  const { page, about } = found;
  return serveRoute(
    {
      show: () => serveDesk(page, about, visit, null),
      take: (_, fields) => serveDesk(page, about, visit, fields),
    },
    visit,
  );
}

const styleSheet = () =>
  new Response(DESK_STYLE, {
    headers: {
      "content-type": "text/css; charset=utf-8",
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
    },
  });
