/** Files of the app that are the same for everybody; their names contain a hash of their content. */
import { digestOf } from "../../../oauth/digest.ts";
import { APP_STYLE } from "./app.css.ts";

export const APP_STYLE_PATH = `/app/style.${digestOf(APP_STYLE).slice(0, 12)}.css`;

const FOR_EVER = "public, max-age=31536000, immutable";

export function appAsset(pathname: string): Response | null {
  if (pathname !== APP_STYLE_PATH) return null;
  return new Response(APP_STYLE, {
    headers: {
      "content-type": "text/css; charset=utf-8",
      "cache-control": FOR_EVER,
      "x-content-type-options": "nosniff",
    },
  });
}
