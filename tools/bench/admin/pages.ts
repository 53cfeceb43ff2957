/** The admin's pages as they are measured: each alone, and with the queries that make it read otherwise. */

/** The host's pages (`PAGES` of `src/web/admin/routes.ts`, which a test compares). */
export const DESK_PAGES: readonly string[] = [
  "/admin",
  "/admin/members",
  "/admin/members/*",
  "/admin/archives",
  "/admin/archives/*",
  "/admin/reports",
  "/admin/reports/*",
  "/admin/requests",
  "/admin/invites",
  "/admin/invites/*",
  "/admin/names",
  "/admin/mail",
  "/admin/mail/*",
  "/admin/announcements",
  "/admin/roles",
  "/admin/hand-over",
  "/admin/labels",
  "/admin/links",
  "/admin/relays",
  "/admin/numbers",
  "/admin/plan",
  "/admin/log",
  "/admin/settings",
  "/admin/settings/*",
  "/admin/backups",
  "/admin/health",
  "/admin/address",
];

/** The subjects of pages. */
export interface Subjects {
  /** DIDs of a member whom many reports are about, and of one who brought others along. */
  member: string;
  inviter: string;
  /** The at-uri of a reported post. */
  post: string;
  invite: string;
  /** `<did>:<made at>` */
  archive: string;
}

/** By the page's path in the host's table, what follows it; `*` is what the page is about. */
const VARIANTS: Readonly<Record<string, (subjects: Subjects) => string[]>> = {
  "/admin/members": () => [
    "",
    "?show=suspended",
    "?show=in",
    "?show=out",
    "?show=unseen",
    "?q=person",
    "?q=p",
    "?q=person77@example.com",
  ],
  "/admin/members/*": ({ member, inviter }) => [member, inviter],
  "/admin/reports/*": ({ member, post }) => [member, encodeURIComponent(post)],
  "/admin/invites/*": ({ invite, inviter }) => [invite, inviter],
  "/admin/archives/*": ({ archive }) => [archive],
  "/admin/mail/*": () => ["invite"],
  "/admin/settings/*": () => ["look", "joining"],
  "/admin/requests": () => ["", "?show=joined"],
  "/admin/numbers": () => ["", "?by=week", "?by=month", "?by=year"],
  "/admin/log": ({ member }) => ["", "?actor=admin", `?subject=${member}`],
};

/** Paths to ask for, of pages of the host's table. */
export const pathsOf = (pages: readonly string[], subjects: Subjects): string[] =>
  pages.flatMap((page) => (VARIANTS[page]?.(subjects) ?? [""]).map((more) => page.replace(/\*$/, "") + more));
