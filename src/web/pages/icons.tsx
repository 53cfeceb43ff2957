/** Icons, drawn as strokes. */
import type { FC } from "hono/jsx";

export type IconName = "alert" | "check" | "arrow" | "back" | "key" | keyof typeof SCOPE_PATHS;

/** Stroke paths in a 24 by 24 field. */
const SCOPE_PATHS = {
  person: "M12 12.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20c.8-3.4 3.8-5.2 7.5-5.2s6.7 1.8 7.5 5.2",
  pen: "M4.5 19.5l1-4.2L16.2 4.6a1.9 1.9 0 0 1 2.7 0l.5.5a1.9 1.9 0 0 1 0 2.7L8.7 18.5l-4.2 1ZM14 7l3 3",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 14.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6Z",
  chat: "M4 5.5h16v11H11l-4.5 3.5v-3.5H4v-11Z",
  mail: "M3.5 6h17v12h-17V6Zm.5.5 8 6.5 8-6.5",
  image: "M4 5h16v14H4V5Zm0 11 4.5-4.5 4 4 2.5-2.5 5 5M15.5 9.5h.01",
  service:
    "M12 3.5v17M3.5 12h17M12 3.5c2.5 2.3 3.8 5.2 3.8 8.5s-1.3 6.2-3.8 8.5c-2.5-2.3-3.8-5.2-3.8-8.5s1.3-6.2 3.8-8.5ZM12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17Z",
  identity:
    "M4 6h16v12H4V6Zm4.5 7a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6ZM6 16c.4-1.3 1.3-2 2.5-2s2.1.7 2.5 2M14 10.5h3.5M14 13.5h3.5",
  box: "M4 8l8-4 8 4v8l-8 4-8-4V8Zm0 0 8 4 8-4M12 12v8",
  set: "M4.5 4.5h6v6h-6v-6Zm9 0h6v6h-6v-6Zm-9 9h6v6h-6v-6Zm9 3h6M16.5 13.5v6",
} as const;

const PATHS: Record<IconName, string> = {
  ...SCOPE_PATHS,
  alert: "M12 8v5M12 16.5h.01M12 3.5 2.5 20h19L12 3.5Z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  arrow: "M9 5l7 7-7 7",
  back: "M15 5l-7 7 7 7",
  key: "M14.5 13.5a4.5 4.5 0 1 0-4.2-2.9L4 17v3h3v-2h2v-2h2l1.4-1.4a4.5 4.5 0 0 0 2.1-.1ZM16 8.5h.01",
};

export const Icon: FC<{ name: IconName }> = ({ name }) => (
  <svg
    width="22"
    height="22"
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.8"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d={PATHS[name]} />
  </svg>
);
