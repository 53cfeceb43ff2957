/**
 * The page of a host that cannot serve: a page in the frame of all others, made without settings and
 * without a database.
 */
import { randomHex } from "../../oauth/digest.ts";
import { assetAt } from "../assets.ts";
import { EndPage } from "../pages/end.tsx";
import { page } from "../replies.tsx";
import type { Frame } from "../visit.ts";

function frameOf({ origin, hostname }: URL): Frame {
  const unknown = { terms: null, privacy: null, contact: null, colour: "", logo: null, handleDomains: [] };
  const host = { origin, hostname, name: hostname, did: `did:web:${hostname}` as const, ...unknown };
  return {
    host: {
      ...host,
      kind: "community",
      isOpen: true,
      shows: [],
      registration: "closed",
      memberInvites: false,
    },
    nonce: randomHex(16),
  };
}

/** @param headers of the refusal, such as when to try again */
export function stoppedPage(
  request: Request,
  { title, message }: { title: string; message: string },
  headers: Record<string, string> = {},
): Response {
  const url = new URL(request.url);
  const frame = frameOf(url);
  const asset = assetAt(url.pathname, frame.host);
  if (asset !== null) return asset;
  const way = { href: url.pathname, label: "Try again" };
  return page(<EndPage {...frame} title={title} message={message} way={way} />, frame, {
    headers: new Headers({ ...headers, vary: "accept" }),
    status: 503,
  });
}
