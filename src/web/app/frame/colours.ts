/** The community's colours as a style that a page carries, and its hash, by which the page's policy allows it. */
import { createHash } from "node:crypto";
import { themeOf } from "../../pages/theme.ts";

export const coloursOf = (colour: string): string =>
  `:root{${Object.entries(themeOf(colour))
    .map(([name, value]) => `--${name}:${value}`)
    .join(";")}}`;

/** The source that allows exactly this style (CSP level 3, section 2.3.1). */
export const inlineStyle = (style: string): string =>
  `sha256-${createHash("sha256").update(style).digest("base64")}`;
