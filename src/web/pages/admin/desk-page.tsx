/** The frame of the admin's pages: the ways to the others, a title, and what the last form did. */
import type { Child, FC, PropsWithChildren } from "hono/jsx";
import type { Member } from "../../../identity/member.ts";
import type { Role } from "../../../moderation/roles.ts";
import { MODERATORS, OWNERS } from "../../../xrpc/server/role-policies.ts";
import type { Problem } from "../../problems.ts";
import type { Frame } from "../../visit.ts";
import { COPY_SCRIPT, Copy } from "../copy.tsx";
import type { Sender } from "../form.tsx";
import { Layout } from "../layout.tsx";
import { BackLink, Done, ProblemNotice } from "../parts.tsx";
import { DESK_STYLE_PATH } from "./style.css.ts";

export interface DeskFrame extends Frame {
  role: Role;
  member: Member;
  /** Whether they proved just now who they are. */
  confirmed: boolean;
  /** The page's own path. */
  here: string;
  /** The path of a page with its query, for this member. */
  to: (path: string, query?: Record<string, string>) => string;
  /** The handle of the member who is meant, if others are signed in as well: `?as=`. */
  as: string | null;
  sender: Sender;
  problem?: Problem | null | undefined;
  done?: string | null | undefined;
  once?: { text: string; what: string } | undefined;
}

const ANY: readonly Role[] = ["owner", "moderator", "inviter"];

type Link = [path: string, label: string, may: readonly Role[], where?: (host: Frame["host"]) => boolean];

const LINKS: readonly Link[] = [
  ["/admin", "Home", ANY],
  ["/admin/reports", "Reports", MODERATORS],
  ["/admin/members", "Members", MODERATORS],
  ["/admin/requests", "Requests", MODERATORS, ({ registration }) => registration === "approval"],
  ["/admin/invites", "Invites", ANY],
  ["/admin/numbers", "Numbers", MODERATORS],
  ["/admin/plan", "Plan", MODERATORS],
  ["/admin/relays", "Relays", MODERATORS],
  ["/admin/mail", "Mail", OWNERS],
  ["/admin/names", "Names", OWNERS],
  ["/admin/links", "Links", MODERATORS],
  ["/admin/labels", "Labels", OWNERS],
  ["/admin/roles", "Roles", OWNERS],
  ["/admin/settings", "Settings", OWNERS],
  ["/admin/backups", "Backups", OWNERS],
  ["/admin/log", "Log", MODERATORS],
  ["/admin/health", "Health", OWNERS],
];

const Links: FC<DeskFrame> = ({ here, role, to, host }) => (
  <>
    {LINKS.filter(([, , may, where]) => may.includes(role) && (where === undefined || where(host))).map(
      ([path, label]) => (
        <a href={to(path)} aria-current={isAt(here, path) ? "page" : undefined}>
          {label}
        </a>
      ),
    )}
    <a href={to("/account")}>Your account</a>
  </>
);

const ALL_PAGES = "all-pages";

/** One row on a phone, with the way to all of them at the page's end. */
const Tabs: FC<DeskFrame> = (frame) => (
  <nav class="tabs" aria-label="Administration">
    {frame.role === "inviter" ? null : (
      <a class="more" href={`#${ALL_PAGES}`}>
        All
        <span class="visually-hidden"> pages</span>
      </a>
    )}
    <Links {...frame} />
  </nav>
);

/** All pages, where the row at the top has no room for them. */
const AllPages: FC<DeskFrame> = (frame) =>
  frame.role === "inviter" ? null : (
    <nav class="filters all-pages" id={ALL_PAGES} aria-label="All pages">
      <Links {...frame} />
    </nav>
  );

/** Pages without a link of their own, and the one that leads there. */
const BELOW: Readonly<Record<string, string>> = {
  "/admin/address": "/admin/settings",
  "/admin/announcements": "/admin/mail",
  "/admin/archives": "/admin/members",
  "/admin/hand-over": "/admin/roles",
};

const isAt = (here: string, path: string) =>
  here === path || (path !== "/admin" && here.startsWith(`${path}/`)) || BELOW[here] === path;

interface DeskPageProps extends DeskFrame {
  title: string;
  lead?: Child;
  back?: { path: string; label: string };
  scripts?: readonly string[];
}

export const DeskPage: FC<PropsWithChildren<DeskPageProps>> = (props) => {
  const { host, nonce, to, title, lead, back, done, problem, once, scripts = [], children } = props;
  return (
    <Layout
      host={host}
      nonce={nonce}
      title={title}
      wide
      sheets={[DESK_STYLE_PATH]}
      scripts={[...scripts, ...(once === undefined ? [] : [COPY_SCRIPT])]}
      links={<Tabs {...props} />}
    >
      {back === undefined ? null : <BackLink href={to(back.path)} label={back.label} />}
      <h1>{title}</h1>
      {lead === undefined ? null : <p class="lead">{lead}</p>}
      <Done message={done} />
      <ProblemNotice problem={problem} />
      {once === undefined ? null : (
        <div class="card">
          <p class="secret">{once.text}</p>
          <Copy text={once.text} what={once.what} />
        </div>
      )}
      {children}
      <AllPages {...props} />
    </Layout>
  );
};
