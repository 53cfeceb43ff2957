/** Files of the app; the names of those that are the same for everybody contain a hash of their content. */
import { digestOf } from "../../../oauth/digest.ts";
import { themeOf } from "../../pages/theme.ts";
import type { HostWords } from "../../visit.ts";
import { APP_STYLE } from "./app.css.ts";
import { OFFLINE_SCRIPT, OFFLINE_SCRIPT_PATH } from "./offline-script.ts";
import { APP_SCRIPT } from "./script.ts";

export const APP_STYLE_PATH = `/app/style.${digestOf(APP_STYLE).slice(0, 12)}.css`;
export const APP_SCRIPT_PATH = `/app/script.${digestOf(APP_SCRIPT).slice(0, 12)}.js`;
export const MANIFEST_PATH = "/app/manifest.webmanifest";

const FOR_EVER = "public, max-age=31536000, immutable";
const SHORTLY = "public, max-age=3600";

export function appAsset(pathname: string, host: HostWords): Response | null {
  switch (pathname) {
    case APP_STYLE_PATH:
      return file(APP_STYLE, "text/css", FOR_EVER);
    case APP_SCRIPT_PATH:
      return file(APP_SCRIPT, "text/javascript", FOR_EVER);
    case OFFLINE_SCRIPT_PATH: {
      // Browsers ask for it anew, so that a version which does harm is gone with the next visit.
      const answer = file(OFFLINE_SCRIPT, "text/javascript", "no-cache");
      answer.headers.set("service-worker-allowed", "/");
      return answer;
    }
    case MANIFEST_PATH:
      return file(manifestOf(host), "application/manifest+json", SHORTLY);
    default:
      return null;
  }
}

const file = (text: string, type: string, cache: string): Response =>
  new Response(text, {
    headers: {
      "content-type": `${type}; charset=utf-8`,
      "cache-control": cache,
      "x-content-type-options": "nosniff",
    },
  });

/** The manifest, by which the pages become an app on a home screen (W3C, Web Application Manifest). */
const manifestOf = ({ name, colour, logo }: HostWords): string =>
  JSON.stringify({
    id: "/",
    name,
    short_name: name.slice(0, 12),
    start_url: "/",
    scope: "/",
    display: "standalone",
    theme_color: themeOf(colour).brand,
    background_color: "#ffffff",
    icons: [
      ...(logo === null ? [] : [{ src: logo, sizes: "any", purpose: "any" }]),
      { src: "/account/mark.svg", type: "image/svg+xml", sizes: "any", purpose: "any" },
    ],
  });
