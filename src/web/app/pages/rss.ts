/** `/rss` and `/profile/<name>/rss`: posts for readers of feeds (RSS 2.0). */
import { getCommunityFeed } from "../../../appview/reads/methods/feed/get-community-feed.ts";
import { nameOf, postPath, profilePath } from "../addresses.ts";
import { appFile } from "../answers.tsx";
import { judge } from "../judgement.ts";
import { titleOf } from "../parts/person.tsx";
import { type Post, textOfPost, writtenAt } from "../parts/post-view.ts";
import { judgePost } from "../parts/post.tsx";
import type { AppVisit, Scene } from "../visit.ts";
import { briefly } from "../frame/preview.tsx";
import { missing } from "./missing.tsx";

const ITEMS = 30;
const TYPE = "application/rss+xml; charset=utf-8";

export async function communityRss(visit: AppVisit): Promise<Response> {
  const { scene, reading, hasIndex, person } = visit;
  if (person !== null) return profileRss(visit, person.did);
  // Without an index, the host knows no community.
  if (!hasIndex) return missing(visit);
  const { host, speech } = scene;
  const { posts } = await getCommunityFeed(reading, { limit: ITEMS, best: false });
  const channel = { title: host.name, path: "/", self: "/rss", description: speech.words.lead };
  return appFile(visit, rssOf(scene, channel, posts), TYPE);
}

export async function profileRss(visit: AppVisit, actor: string): Promise<Response> {
  const { scene, views } = visit;
  const who = await views.getProfile({ actor });
  const { hidden, cover } = judge(who.labels ?? [], scene.tastes);
  if (hidden !== null || cover !== null) return missing(visit);
  const { feed } = await views.getAuthorFeed({
    actor: who.did,
    limit: ITEMS,
    filter: "posts_no_replies",
    includePins: false,
  });
  const posts = feed.flatMap(({ post, reason }) => (reason === undefined ? [post] : []));
  const path = profilePath(who);
  const channel = {
    title: `${titleOf(who)} (@${nameOf(who)})`,
    path,
    self: `${path}/rss`,
    description: who.description ?? "",
  };
  return appFile(visit, rssOf(scene, channel, posts), TYPE);
}

interface Channel {
  title: string;
  path: string;
  self: string;
  description: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as XML has it, without the characters that XML 1.0 forbids or discourages (section 2.2). */
export const xml = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/(?![\t\n\r])[\p{Cc}\ufffe\uffff]/gu, "")
    .replaceAll(/[&<>"']/g, (mark) => ENTITIES[mark] ?? "");

function rssOf(scene: Scene, { title, path, self, description }: Channel, posts: readonly Post[]): string {
  const { origin } = scene.host;
  const shown = posts.filter((post) => {
    const { unlisted, cover } = judgePost(scene, post);
    return !unlisted && cover === null;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>',
    `<title>${xml(title)}</title><link>${xml(origin + path)}</link><description>${xml(description)}</description>`,
    `<atom:link href="${xml(origin + self)}" rel="self" type="application/rss+xml"/>`,
    ...shown.map((post) => itemOf(origin, post)),
    "</channel></rss>",
    "",
  ].join("\n");
}

function itemOf(origin: string, post: Post): string {
  const { author, uri } = post;
  const text = textOfPost(post);
  return (
    `<item><title>${xml(briefly(text, 100) || titleOf(author))}</title>` +
    `<link>${xml(origin + postPath(author, uri))}</link><guid isPermaLink="false">${xml(uri)}</guid>` +
    `<dc:creator>${xml(`${titleOf(author)} (@${nameOf(author)})`)}</dc:creator>` +
    `<pubDate>${new Date(writtenAt(post)).toUTCString()}</pubDate>` +
    // A description is HTML: the text is escaped once for it, and once more for XML.
    `<description>${xml(xml(text).replaceAll("\n", "<br>"))}</description></item>`
  );
}
