/** `/notifications`: what has happened to a member, the same of one post as one. */
import type { AppBskyFeedDefs, AppBskyNotificationListNotifications } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import type { FC } from "hono/jsx";
import { isRefusal } from "../../../protocol/refusal.ts";
import { isPostUri } from "../../../appview/uris.ts";
import { postPath, profilePath } from "../addresses.ts";
import { appPage } from "../answers.tsx";
import { briefly } from "../frame/preview.tsx";
import { Empty, Paging, Shell } from "../frame/shell.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { Face, titleOf } from "../parts/person.tsx";
import { textOfPost } from "../parts/post-view.ts";
import { PostArticle } from "../parts/post.tsx";
import { type MemberVisit, type Scene, looksAtNews } from "../visit.ts";
import { entryOf } from "../../../protocol/json.ts";
import { filled } from "../words/speech.ts";
import { cursorOf } from "./asked.ts";

const PAGE = 40;

/** A notification whose reading an AppView elsewhere does not note is new again the next time. */
function passRefusal(thrown: unknown): void {
  if (!isRefusal(thrown)) throw thrown;
}

type Notification = AppBskyNotificationListNotifications.Notification;
type Posts = ReadonlyMap<string, AppBskyFeedDefs.PostView>;

/** Notifications of one thing by several accounts, or of a post by one. */
export interface Group {
  reason: string;
  subject: string | null;
  unread: boolean;
  all: [Notification, ...Notification[]];
}

/** Reasons whose notifications are shown as the posts that they are. */
const POSTS = new Set(["reply", "mention", "quote", "subscribed-post"]);

/** Puts together what is alike, in the place of the newest. */
export function grouped(notifications: readonly Notification[]): Group[] {
  const groups = new Map<string, Group>();
  for (const one of notifications) {
    const { reason, reasonSubject = null, uri, isRead } = one;
    const key = POSTS.has(reason) ? uri : `${reason} ${reasonSubject} ${isRead}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { reason, subject: reasonSubject, unread: !isRead, all: [one] });
    else group.all.push(one);
  }
  return [...groups.values()];
}

export async function notifications(visit: MemberVisit): Promise<Response> {
  const { views, scene, url, request } = visit;
  const { words } = scene.speech;
  const cursor = cursorOf(url);
  const page = await views.listNotifications({ limit: PAGE, cursor });
  const groups = grouped(page.notifications);
  const named = groups.flatMap(({ reason, subject, all: [{ uri }] }) =>
    POSTS.has(reason) ? [uri] : [subject],
  );
  const uris = named.filter((uri): uri is ResourceUri => uri !== null && isPostUri(uri));
  const { posts } = uris.length === 0 ? { posts: [] } : await views.getPosts({ uris });
  const byUri: Posts = new Map(posts.map((post) => [post.uri, post]));
  const [newest] = page.notifications;
  // Whoever looks has seen them; the page still shows which were new.
  if (newest !== undefined && looksAtNews(request, url)) {
    await views.updateSeen({ seenAt: newest.indexedAt }).catch(passRefusal);
  }
  return appPage(
    visit,
    <Shell
      scene={scene}
      at="/notifications"
      preview={{ title: words.notifications, path: "/notifications", indexed: false }}
    >
      <h1>{words.notifications}</h1>
      {groups.length === 0 && page.cursor === undefined ? <Empty>{words.noNotifications}</Empty> : null}
      <div class="posts">
        {groups.map((group) => (
          <GroupItem scene={scene} group={group} posts={byUri} />
        ))}
      </div>
      <Paging scene={scene} path="/notifications" query={{}} cursor={page.cursor} />
    </Shell>,
  );
}

const ICONS: Readonly<Partial<Record<string, IconName>>> = {
  like: "like",
  "like-via-repost": "like",
  repost: "repost",
  "repost-via-repost": "repost",
  verified: "verified",
};

/** How many faces a group shows. */
const FACES = 6;

const GroupItem: FC<{ scene: Scene; group: Group; posts: Posts }> = ({ scene, group, posts }) => {
  const { reason, subject, unread, all } = group;
  const { words } = scene.speech;
  const [first] = all;
  if (POSTS.has(reason)) {
    const post = posts.get(first.uri);
    return post === undefined ? null : (
      <div class={unread ? "fresh" : undefined}>
        <PostArticle scene={scene} post={post} />
      </div>
    );
  }
  const post = subject === null ? undefined : posts.get(subject);
  const phrase = entryOf(words.happened, reason);
  const said = filled(phrase ?? words.somethingBy, whoOf(scene, group));
  const path = post === undefined ? profilePath(first.author) : postPath(post.author, post.uri);
  return (
    <article class={`happened${unread ? " fresh" : ""}`}>
      <span class={`sign ${reason}`}>
        <Icon name={entryOf(ICONS, reason) ?? "person"} size={24} filled={reason.startsWith("like")} />
      </span>
      <div class="words">
        <p class="faces">
          {all.slice(0, FACES).map(({ author }) => (
            <a href={profilePath(author)} title={titleOf(author)}>
              <Face scene={scene} who={author} size={32} />
              <span class="visually-hidden">{titleOf(author)}</span>
            </a>
          ))}
        </p>
        <p>
          <a class="said" href={path}>
            <bdi>{said}</bdi>
          </a>{" "}
          <span class="at">{scene.speech.ago(first.indexedAt, scene.now)}</span>
        </p>
        {post === undefined ? null : (
          <p class="bio" dir="auto">
            {briefly(textOfPost(post), 160)}
          </p>
        )}
      </div>
    </article>
  );
};

function whoOf({ speech }: Scene, { all }: Group): string {
  const [first] = all;
  const others = new Set(all.map(({ author }) => author.did)).size - 1;
  if (others === 0) return titleOf(first.author);
  const { and } = speech.words;
  return filled(
    others === 1 ? and.one : and.other.replace("{n}", speech.number(others)),
    titleOf(first.author),
  );
}
