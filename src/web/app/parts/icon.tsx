/** Icons of the app, drawn as strokes in a 24 by 24 field. */
import { raw } from "hono/html";
import type { FC } from "hono/jsx";

const PATHS = {
  home: "M4 11.5 12 4l8 7.5V20h-5.5v-5.5h-5V20H4v-8.5Z",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.5 15.5 20 20",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15L6 16.5ZM10 20.5h4",
  person: "M12 12.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20c.8-3.4 3.8-5.2 7.5-5.2s6.7 1.8 7.5 5.2",
  bookmark: "M6.5 4h11v16L12 15.5 6.5 20V4Z",
  settings:
    "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4ZM9 19.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z",
  pen: "M4.5 19.5l1-4.2L16.2 4.6a1.9 1.9 0 0 1 2.7 0l.5.5a1.9 1.9 0 0 1 0 2.7L8.7 18.5l-4.2 1ZM14 7l3 3",
  reply: "M4 5.5h16v11H11l-4.5 3.5v-3.5H4v-11Z",
  repost: "M5 14.5V9.500a2 2 0 0 1 2-2h11M15 4.500l3 3-3 3M19 9.500v5a2 2 0 0 1-2 2H6M9 19.500l-3-3 3-3",
  like: "M12 20S3.5 15 3.5 9.2A4.4 4.4 0 0 1 12 7.3a4.4 4.4 0 0 1 8.5 1.9C20.5 15 12 20 12 20Z",
  quote: "M5 17c3-1 4-3 4-6H5V6.5h5.5V11c0 4-2 7-5.5 8.5M14 17c3-1 4-3 4-6h-4V6.5h5.5V11c0 4-2 7-5.5 8.5",
  pin: "M9 4h6l-1 6 3 3v1.5H7V13l3-3-1-6ZM12 14.5V20",
  alert: "M12 8v5M12 16.5h.01M12 3.5 2.5 20h19L12 3.5Z",
  hidden:
    "M4 4l16 16M9.5 5.8A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-3.2 3.8M6 7.6A15.5 15.5 0 0 0 2.5 12S6 18.5 12 18.500a9 9 0 0 0 3.6-.7",
  verified:
    "M12 3l2.4 1.8 3-.1.9 2.9 2.4 1.8-.9 2.8.9 2.9-2.4 1.7-.9 2.9-3-.1L12 21.400l-2.4-1.8-3 .1-.9-2.9-2.4-1.7.9-2.9-.9-2.8 2.4-1.8.9-2.9 3 .1L12 3ZM8.5 12l2.5 2.500L15.5 10",
  feed: "M5 5a14 14 0 0 1 14 14M5 11a8 8 0 0 1 8 8M6 18.500h.01",
  list: "M9 6.500h11M9 12h11M9 17.500h11M4.5 6.500h.01M4.5 12h.01M4.5 17.500h.01",
  more: "M4.8 12a.9.9 0 1 0 1.8 0 .9.9 0 1 0-1.8 0ZM11.1 12a.9.9 0 1 0 1.8 0 .9.9 0 1 0-1.8 0ZM17.4 12a.9.9 0 1 0 1.8 0 .9.9 0 1 0-1.8 0Z",
  image: "M4 5h16v14H4V5Zm0 11 4.5-4.5 4 4 2.5-2.5 5 5M15.5 9.500h.01",
} as const;

export type IconName = keyof typeof PATHS;

interface IconProps {
  name: IconName;
  size?: number;
  filled?: boolean;
}

/** The markup of the icons that pages have shown: of a page's nodes, every third was an icon's. */
const drawn = new Map<string, ReturnType<typeof raw>>();

export const Icon: FC<IconProps> = ({ name, size = 20, filled = false }) => {
  const key = `${name} ${size} ${filled}`;
  const known = drawn.get(key) ?? raw(markupOf(name, size, filled));
  drawn.set(key, known);
  return known;
};

const markupOf = (name: IconName, size: number, filled: boolean): string =>
  `<svg width="${size}" height="${size}" viewBox="0 0 24 24" fill="${filled ? "currentColor" : "none"}" ` +
  'stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">' +
  `<path d="${PATHS[name]}"/></svg>`;
