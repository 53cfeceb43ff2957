/**
 * The frame of every page: the community's name, colour and mark, and one column to read. It needs no script.
 */
import type { Child, FC, PropsWithChildren } from "hono/jsx";
import { raw } from "hono/html";
import { digestOf } from "../../oauth/digest.ts";
import type { Frame, HostWords } from "../visit.ts";
import { STYLE } from "./style.css.ts";
import { shoreline, themeOf } from "./theme.ts";

/** Contains a hash of the sheet, so that browsers can cache it for ever. */
export const STYLE_PATH = `/account/style.${digestOf(STYLE).slice(0, 12)}.css`;

interface LayoutProps extends Frame {
  title: string;
  wide?: boolean;
  /** Whether search engines may index the page. */
  indexed?: boolean;
  /** Paths of our own scripts. */
  scripts?: readonly string[];
  /** Paths of style sheets beside the common one. */
  sheets?: readonly string[];
  /** Links to the other pages of a desk, such as the admin's; they take the place of the words about the host. */
  links?: Child;
}

/** The community's logo, or else an atoll from above: reef, lagoon, island. */
export const Mark: FC<Pick<HostWords, "name" | "logo">> = ({ name, logo }) =>
  logo === null ? <Atoll name={name} /> : <img class="mark" src={logo} alt="" width={36} height={36} />;

const Atoll: FC<{ name: string }> = ({ name }) => (
  <svg class="mark" viewBox="0 0 100 100" aria-hidden="true">
    <path d={shoreline(name, 44, 0.16)} fill="var(--on)" fill-opacity=".28" />
    <path d={shoreline(name, 33, 0.22)} fill="var(--on)" />
    <path d={shoreline(name, 18, 0.3)} fill="var(--brand)" />
  </svg>
);

/** The sea around the atoll, its swell, and the islets on the reef. */
export const Sea: FC<{ name: string }> = ({ name }) => (
  <svg class="sea" viewBox="0 0 100 100" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
    {[66, 52, 41, 32].map((radius, i) => (
      <path
        class="wave"
        d={shoreline(name, radius, 0.2)}
        fill="var(--shoal)"
        fill-opacity={[0.06, 0.08, 0.1, 0.14][i]}
      />
    ))}
    <path d={shoreline(name, 23, 0.2)} fill="var(--shoal)" fill-opacity=".55" />
    <path
      d={shoreline(name, 23, 0.2)}
      fill="none"
      stroke="#fff"
      stroke-opacity=".42"
      stroke-width="1.1"
      stroke-linecap="round"
      stroke-dasharray="11 2.5 4 3 17 4 6 2.5"
    />
    <path d={shoreline(name, 16.5, 0.22)} fill="var(--brand)" fill-opacity=".38" />
    <path d={shoreline(name, 9, 0.3)} fill="var(--brand)" fill-opacity=".45" />
  </svg>
);

const Footer: FC<{ host: HostWords }> = ({ host: { hostname, terms, privacy, contact } }) => (
  <footer>
    <p>
      An account at <strong>{hostname}</strong> works with every app of the AT Protocol.
    </p>
    {(terms ?? privacy ?? contact) ? (
      <p class="links">
        {terms === null ? null : <a href={terms}>Terms</a>}
        {privacy === null ? null : <a href={privacy}>Privacy</a>}
        {contact === null ? null : <a href={`mailto:${contact}`}>{contact}</a>}
      </p>
    ) : null}
  </footer>
);

const Favicon: FC<HostWords> = ({ logo }) =>
  logo === null ? (
    <link rel="icon" href="/account/mark.svg" type="image/svg+xml" />
  ) : (
    <link rel="icon" href={logo} />
  );

export const Layout: FC<PropsWithChildren<LayoutProps>> = ({
  host,
  nonce,
  title,
  wide,
  indexed,
  scripts = [],
  sheets = [],
  links,
  children,
}) => {
  const theme = themeOf(host.colour);
  const colours = `:root{${Object.entries(theme)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(";")}}`;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="theme-color" content={theme.brand} />
        {indexed ? null : <meta name="robots" content="noindex" />}
        <title>{`${title} · ${host.name}`}</title>
        <Favicon {...host} />
        <link rel="stylesheet" href={STYLE_PATH} />
        {sheets.map((path) => (
          <link rel="stylesheet" href={path} />
        ))}
        <style nonce={nonce}>{raw(colours)}</style>
        {scripts.map((path) => (
          <script type="module" src={path}></script>
        ))}
      </head>
      <body class={links === undefined ? undefined : "desk"}>
        <a class="skip" href="#main">
          Skip to the page
        </a>
        <header class="shore">
          <Sea name={host.name} />
          <a class="name" href={`${host.origin}/`}>
            <Mark {...host} />
            <span>{host.name}</span>
          </a>
          {links ?? (
            <div class="said">
              <p>Your own place on the open social web.</p>
              <p>{host.hostname}</p>
            </div>
          )}
        </header>
        <main id="main" tabindex={-1} class={wide ? "wide" : undefined}>
          {children}
        </main>
        <Footer host={host} />
      </body>
    </html>
  );
};

/** Renders a part of a page. */
export const markupOf = (tree: Child): string =>
  // oxlint-disable-next-line typescript/no-base-to-string -- a tree of hono/jsx renders itself by its `toString`
  String(tree);

/** Renders a whole document. */
export const documentOf = (tree: Child): string => `<!doctype html>${markupOf(tree)}`;

export const markSvg = ({ name, colour }: HostWords): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" rx="24" fill="${themeOf(colour).brand}"/>` +
  `<path d="${shoreline(name, 34, 0.18)}" fill="${themeOf(colour).on}"/><path d="${shoreline(name, 18, 0.3)}" fill="${themeOf(colour).brand}"/></svg>`;
