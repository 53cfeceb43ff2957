/** Cards of links: the host reads the page that a link leads to, within bounds, as the official clients' service does. */
import type { Did } from "@atcute/lexicons";
import { fetchPublic } from "../../../identity/outbound.ts";
import { digestOf } from "../../../oauth/digest.ts";
import { at, textOf } from "../../../protocol/json.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { consumeForMember } from "../../../xrpc/server/rate-limits.ts";
import type { Services } from "../../../xrpc/server/services.ts";
import { domainOf, linkOf } from "../addresses.ts";
import { wordsOfPage } from "./page-words.ts";

export interface Card {
  uri: string;
  title: string;
  description: string;
  /** Address of a picture on any site; null if the page names none. */
  image: string | null;
}

const TITLE_LONGEST = 300;
const DESCRIPTION_LONGEST = 1_000;
/** Bytes that are read of a page: its words stand at its beginning. */
const PAGE_BYTES = 512 * 1024;
const TIMEOUT_MS = 4_000;
const REDIRECTS = 4;
const KEPT_SECONDS = 300;

/**
 * The card of a link; null if there is no page of words at its end. Refuses RateLimitExceeded.
 * @param did the member who asks
 */
export async function cardOf(services: Services, did: Did, link: string): Promise<Card | null> {
  const key = new Request(`${services.host.origin}/app/cache/card/${digestOf(link)}`);
  const kept = await caches.default.match(key).catch(() => undefined);
  if (kept !== undefined) return parseCard(await kept.json());
  await consumeForMember(services, did, "card");
  const card = await readCard(services, link);
  const answer = Response.json(card, { headers: { "cache-control": `public, max-age=${KEPT_SECONDS}` } });
  services.defer(caches.default.put(key, answer).catch(() => undefined));
  return card;
}

async function readCard({ env, host }: Services, link: string): Promise<Card | null> {
  try {
    const { status, headers, body } = await fetchPublic(link, {
      local: env.LOCAL === "1",
      headers: {
        accept: "text/html, application/xhtml+xml",
        "user-agent": `Atoll (link cards; +${host.origin})`,
      },
      redirects: REDIRECTS,
      maxBytes: PAGE_BYTES,
      isCut: true,
      timeoutMs: TIMEOUT_MS,
    });
    const type = headers.get("content-type") ?? "";
    if (status !== 200 || !/^(text\/html|application\/xhtml\+xml)\b/i.test(type)) return null;
    const words = await wordsOfPage(body, type, new URL(link));
    return {
      uri: link,
      title: words.title.slice(0, TITLE_LONGEST).toWellFormed() || domainOf(link),
      description: words.description.slice(0, DESCRIPTION_LONGEST).toWellFormed(),
      image: words.image,
    };
  } catch (thrown) {
    if (isRefusal(thrown)) return null;
    throw thrown;
  }
}

/** A card as a form or the cache has it; null if it is none. */
export function parseCard(value: unknown): Card | null {
  const uri = linkOf(at(value, "uri"));
  if (uri === null || uri.length > 2_000) return null;
  return {
    uri,
    title: (textOf(at(value, "title")) ?? "").slice(0, TITLE_LONGEST) || domainOf(uri),
    description: (textOf(at(value, "description")) ?? "").slice(0, DESCRIPTION_LONGEST),
    image: linkOf(at(value, "image")),
  };
}
