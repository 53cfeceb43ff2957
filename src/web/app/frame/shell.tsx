/** The frame of every page of the app: the same header as that of the account pages, and a column to read. */
import { raw } from "hono/html";
import type { Child, FC, PropsWithChildren } from "hono/jsx";
import { Mark, STYLE_PATH, Sea } from "../../pages/layout.tsx";
import { themeOf } from "../../pages/theme.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { profilePath } from "../addresses.ts";
import { BADGE_MOST, type Scene } from "../visit.ts";
import type { Words } from "../words/en.ts";
import { filled } from "../words/speech.ts";
import { APP_SCRIPT_PATH, APP_STYLE_PATH, MANIFEST_PATH } from "./assets.ts";
import { coloursOf } from "./colours.ts";
import { type Preview, PreviewTags } from "./preview.tsx";

export interface ShellProps {
  scene: Scene;
  preview: Preview;
  /** The page's own heading, where it is not in the page. */
  aside?: Child;
  /** Path of the entry of the menu that the page belongs to. */
  at?: string;
  /** The words that were searched for. */
  asked?: string;
}

export const Shell: FC<PropsWithChildren<ShellProps>> = ({ scene, preview, aside, at, asked, children }) => {
  const { host, speech } = scene;
  const { words } = speech;
  return (
    <html lang={words.lang} dir={words.dir}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="theme-color" content={themeOf(host.colour).brand} />
        <title>{preview.title === host.name ? host.name : `${preview.title} · ${host.name}`}</title>
        <PreviewTags host={host} preview={preview} />
        <link rel="icon" href="/account/mark.svg" type="image/svg+xml" />
        <link rel="stylesheet" href={STYLE_PATH} />
        <link rel="stylesheet" href={APP_STYLE_PATH} />
        <link rel="apple-touch-icon" href={host.logo ?? "/account/mark.svg"} />
        <link rel="manifest" href={MANIFEST_PATH} />
        <script type="module" src={APP_SCRIPT_PATH}></script>
        <style>{raw(coloursOf(host.colour))}</style>
      </head>
      <body
        class="app"
        data-news={words.news}

        data-offline={words.offlineNow}
        data-close={words.close}
      >
        <a class="skip" href="#main">
          {words.skip}
        </a>
        <header class="shore">
          <Sea name={host.name} />
          <div class="strip">
            <a class="name" href="/">
              <Mark {...host} />
              <span>{host.name}</span>
            </a>
            {scene.searches ? <SearchField scene={scene} asked={asked} /> : null}
            <Ways scene={scene} />
          </div>
        </header>
        <div class="deck">
          <Menu scene={scene} at={at} />
          <main id="main" tabindex={-1}>
            {children}
          </main>
          <aside class="about" aria-label={words.about}>
            {aside}
            <Small scene={scene} />
          </aside>
        </div>
      </body>
    </html>
  );
};

const SearchField: FC<{ scene: Scene; asked: string | undefined }> = ({ scene, asked }) => {
  const { words } = scene.speech;
  return (
    <form class="seek" action="/search" method="get" role="search">
      <input type="search" name="q" aria-label={words.search} placeholder={words.searchHint} value={asked} />
    </form>
  );
};

/** The ways in, for a guest. */
const Ways: FC<{ scene: Scene }> = ({ scene: { host, viewer, speech } }) => {
  const { words } = speech;
  if (viewer !== null) return null;
  return (
    <div class="ways">
      {host.registration === "closed" ? null : (
        <a class="button on-shore" href="/account/sign-up">
          {words.join}
        </a>
      )}
      <a class="button on-shore line" href="/account/sign-in?to=%2F">
        {words.signIn}
      </a>
    </div>
  );
};

interface Entry {
  path: string;
  icon: IconName;
  label: string;
  badge?: number;
}

const ownEntries = (words: Words, profile: string, unread: number): Entry[] => [
  { path: "/notifications", icon: "bell", label: words.notifications, badge: unread },
  { path: "/saved", icon: "bookmark", label: words.bookmarks },
  { path: profile, icon: "person", label: words.profile },
  { path: "/account", icon: "settings", label: words.account },
];

const Menu: FC<{ scene: Scene; at: string | undefined }> = ({ scene, at }) => {
  const { words } = scene.speech;
  const { viewer, unread } = scene;
  const entries: Entry[] = [
    { path: "/", icon: "home", label: words.home },
    ...(scene.searches ? [{ path: "/search", icon: "search", label: words.search } as const] : []),
    ...(viewer === null ? [] : ownEntries(words, profilePath(viewer), unread)),
  ];
  return (
    <nav class="menu" aria-label={words.menu}>
      <ul>
        {entries.map(({ path, icon, label, badge = 0 }) => (
          <li>
            <a href={path} aria-current={path === at ? "page" : undefined}>
              <Icon name={icon} size={24} />
              <span>{label}</span>
              {badge === 0 ? null : <b class="badge">{badge < BADGE_MOST ? badge : `${BADGE_MOST - 1}+`}</b>}
            </a>
          </li>
        ))}
      </ul>
      {viewer === null ? null : (
        <a class="button first write" href="/intent/compose">
          <Icon name="pen" />
          <span>{words.write}</span>
        </a>
      )}
    </nav>
  );
};

const Small: FC<{ scene: Scene }> = ({ scene: { host, speech } }) => {
  const { words } = speech;
  const { terms, privacy, contact } = host;
  return (
    <footer class="small">
      <p>{filled(words.works, host.hostname)}</p>
      <p class="links">
        <a href="/status">{words.status}</a>
        <a href="/app/keys">{words.keys}</a>
        {terms === null ? null : <a href={terms}>{words.terms}</a>}
        {privacy === null ? null : <a href={privacy}>{words.privacy}</a>}
        {contact === null ? null : <a href={`mailto:${contact}`}>{contact}</a>}
      </p>
    </footer>
  );
};

/** A row of links of which one is where the reader is. */
export const Tabs: FC<{ label: string; tabs: { path: string; name: string; here: boolean }[] }> = ({
  label,
  tabs,
}) => (
  <nav class="tabs" aria-label={label}>
    {tabs.map(({ path, name, here }) => (
      <a href={path} aria-current={here ? "page" : undefined}>
        {name}
      </a>
    ))}
  </nav>
);

/** The links from page to page of something long. */
export const Paging: FC<{
  scene: Scene;
  path: string;
  query: Record<string, string>;
  cursor: string | undefined;
}> = ({ scene, path, query, cursor }) => {
  const { words } = scene.speech;
  const to = (more: Record<string, string>) => {
    const text = new URLSearchParams({ ...query, ...more }).toString();
    return text === "" ? path : `${path}?${text}`;
  };
  return (
    <p class="paging">
      {cursor === undefined ? null : (
        <a class="button second" rel="next" href={to({ cursor })}>
          {words.more}
        </a>
      )}
    </p>
  );
};

export const Empty: FC<PropsWithChildren> = ({ children }) => <p class="empty">{children}</p>;
