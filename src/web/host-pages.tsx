/** The host's landing page and status page, for browsers. */
import type { Child } from "hono/jsx";
import { randomHex } from "../oauth/digest.ts";
import type { OAuthContext } from "../oauth/members.ts";
import { LandingPage, type StatusView, StatusPage } from "./pages/host.tsx";
import { type Frame, documentOf } from "./pages/layout.tsx";
import { page } from "./replies.ts";

/** Other clients get another answer at the same address, so `vary` makes caches tell them apart. */
function shown(context: OAuthContext, tree: (frame: Frame) => Child): Response {
  const frame = { host: context.host, nonce: randomHex(16) };
  const headers = new Headers({ vary: "accept" });
  return page(documentOf(tree(frame)), context, { headers, nonce: frame.nonce });
}

export const serveLanding = (context: OAuthContext): Response =>
  shown(context, (frame) => <LandingPage {...frame} />);

export const serveStatus = (context: OAuthContext, status: StatusView): Response =>
  shown(context, (frame) => <StatusPage {...frame} status={status} />);
