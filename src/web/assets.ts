/** Style, script and mark of the pages, the same for everybody. */
import { HAND_OVER_SCRIPT, HAND_OVER_SCRIPT_TEXT } from "./pages/account/hand-over.tsx";
import { COPY_SCRIPT, COPY_SCRIPT_TEXT } from "./pages/copy.tsx";
import { STYLE_PATH, markSvg } from "./pages/layout.tsx";
import { PASSKEY_SCRIPT_TEXT } from "./pages/passkey-script.ts";
import { RECOVERY_SCRIPT } from "./pages/recovery-key.tsx";
import { RECOVERY_SCRIPT_TEXT } from "./pages/recovery-script.ts";
import { PASSKEY_SCRIPT } from "./pages/sign-in.tsx";
import { STYLE } from "./pages/style.css.ts";
import type { HostWords } from "./visit.ts";

/** For files whose name contains a hash of their content. */
const FOR_EVER = "public, max-age=31536000, immutable";
const SHORTLY = "public, max-age=3600";

export function assetAt(pathname: string, host: HostWords): Response | null {
  switch (pathname) {
    case STYLE_PATH:
      return file(STYLE, "text/css; charset=utf-8", FOR_EVER);
    case PASSKEY_SCRIPT:
      return file(PASSKEY_SCRIPT_TEXT, "text/javascript; charset=utf-8", SHORTLY);
    case COPY_SCRIPT:
      return file(COPY_SCRIPT_TEXT, "text/javascript; charset=utf-8", SHORTLY);
    case RECOVERY_SCRIPT:
      return file(RECOVERY_SCRIPT_TEXT, "text/javascript; charset=utf-8", SHORTLY);
    case HAND_OVER_SCRIPT:
      return file(HAND_OVER_SCRIPT_TEXT, "text/javascript; charset=utf-8", SHORTLY);
    case "/account/mark.svg":
      return file(markSvg(host), "image/svg+xml", SHORTLY);
    default:
      return null;
  }
}

export const file = (text: string, type: string, cache: string): Response =>
  new Response(text, {
    headers: { "content-type": type, "cache-control": cache, "x-content-type-options": "nosniff" },
  });
