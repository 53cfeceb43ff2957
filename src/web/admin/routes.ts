/** Every path of the admin's pages. Loaded with the first request for one of them. */
import { notFound } from "../host/host-pages.tsx";
import { file } from "../assets.ts";
import { KEYS_SCRIPT, KEYS_SCRIPT_TEXT } from "../pages/admin/moderation/keys.tsx";
import { BACKUP_KEY_SCRIPT, BACKUP_KEY_SCRIPT_TEXT } from "../pages/admin/backup-key.tsx";
import { DESK_STYLE, DESK_STYLE_PATH } from "../pages/admin/style.css.ts";
import { serveRoute } from "../route.ts";
import type { Visit } from "../visit.ts";
import { type DeskPage, serveDesk } from "./desk.tsx";
import { address } from "./address.tsx";
import { handOver } from "./hand-over.tsx";
import { backups } from "./backups.tsx";
import { health } from "./health.tsx";
import { home } from "./home/home.tsx";
import { labels } from "./moderation/labels.tsx";
import { archive, archives } from "./members/archives.tsx";
import { member } from "./members/member.tsx";
import { members } from "./members/members.tsx";
import { invite, invites } from "./invites.tsx";
import { numbers } from "./home/numbers.tsx";
import { plan } from "./home/plan.tsx";
import { links } from "./moderation/links.tsx";
import { queue, subject } from "./moderation/reports.tsx";
import { requests } from "./requests.tsx";
import { settings, settingsOf } from "./settings.tsx";
import { announcements } from "./mail/announcements.tsx";
import { mail } from "./mail/mail.tsx";
import { mailText } from "./mail/texts.tsx";
import { log, names, relays, roles } from "./upkeep.tsx";
import { entryOf } from "../../protocol/json.ts";

/** By path; `*` is what the page is about. */
export const PAGES: Readonly<Record<string, DeskPage>> = {
  "/admin": home,
  "/admin/members": members,
  "/admin/members/*": member,
  "/admin/archives": archives,
  "/admin/archives/*": archive,
  "/admin/reports": queue,
  "/admin/reports/*": subject,
  "/admin/requests": requests,
  "/admin/invites": invites,
  "/admin/invites/*": invite,
  "/admin/names": names,
  "/admin/mail": mail,
  "/admin/mail/*": mailText,
  "/admin/announcements": announcements,
  "/admin/roles": roles,
  "/admin/hand-over": handOver,
  "/admin/labels": labels,
  "/admin/links": links,
  "/admin/relays": relays,
  "/admin/numbers": numbers,
  "/admin/plan": plan,
  "/admin/log": log,
  "/admin/settings": settings,
  "/admin/settings/*": settingsOf,
  "/admin/backups": backups,
  "/admin/health": health,
  "/admin/address": address,
};

/** The page at a path, and what it is about. */
function pageAt(pathname: string): { page: DeskPage; about: string } | null {
  const plain = entryOf(PAGES, pathname);
  if (plain !== undefined) return { page: plain, about: "" };
  const [, folder = "", about = ""] = /^(\/admin\/[a-z-]+)\/([^/]+)$/.exec(pathname) ?? [];
  const pattern = `${folder}/*`;
  const page = entryOf(PAGES, pattern);
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
  const asset = ASSETS[pathname];
  if (asset !== undefined) return asset();
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

const ASSETS: Readonly<Record<string, () => Response>> = {
  [BACKUP_KEY_SCRIPT]: () =>
    file(BACKUP_KEY_SCRIPT_TEXT, "text/javascript; charset=utf-8", "public, max-age=3600"),
  [DESK_STYLE_PATH]: () => file(DESK_STYLE, "text/css; charset=utf-8", "public, max-age=31536000, immutable"),
  [KEYS_SCRIPT]: () => file(KEYS_SCRIPT_TEXT, "text/javascript; charset=utf-8", "public, max-age=3600"),
};
