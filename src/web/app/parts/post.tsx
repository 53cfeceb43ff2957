/** A post, in a feed or in its thread. */
import type { Child, FC } from "hono/jsx";
import { at, listOf, textOf } from "../../../protocol/json.ts";
import { nameOf, postPath, profilePath } from "../addresses.ts";
import { type Judgement, hasMutedWord, judge } from "../judgement.ts";
import type { Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { PostActs } from "./acts.tsx";
import { Covered } from "./cover.tsx";
import { Icon } from "./icon.tsx";
import { mediaOf } from "./media.tsx";
import { type FeedItem, type Post, textOfPost, writtenAt } from "./post-view.ts";
import { Face, Name, titleOf } from "./person.tsx";
import { quotedOf } from "./quoted.tsx";
import { RichText } from "./text.tsx";

/** The author's own posts are never kept from themselves. */
export function judgePost(scene: Scene, post: Post): Judgement {
  const { author, labels, uri } = post;
  const judged = judge([...(author.labels ?? []), ...(labels ?? [])], scene.tastes);
  if (scene.viewer?.did === author.did) return { ...judged, unlisted: judged.hidden !== null };
  const followed = author.viewer?.following !== undefined;
  const muted =
    scene.tastes.hidden.has(uri) || hasMutedWord(scene.tastes, saidIn(post), tagsIn(post), followed);
  return muted ? { ...judged, unlisted: true } : judged;
}

/** All that a post says: its text, what its pictures show, its card, and the post that it quotes. */
function saidIn({ record, embed }: Post): string {
  const media = at(embed, "media") ?? embed;
  const alts = listOf(at(media, "images") ?? at(media, "items")).map((image) => at(image, "alt"));
  const card = at(media, "external");
  const quoted = at(quotedIn(embed), "value", "text");
  return [at(record, "text"), ...alts, at(media, "alt"), at(card, "title"), at(card, "description"), quoted]
    .filter((words) => typeof words === "string")
    .join("\n");
}

/** The view of the record that a post embeds, with media or without. */
const quotedIn = (embed: unknown): unknown => at(embed, "record", "record") ?? at(embed, "record");

const tagsIn = ({ record, embed }: Post): string[] => [
  ...tagsOf(record),
  ...tagsOf(at(quotedIn(embed), "value")),
];

const tagsOf = (record: unknown): string[] =>
  [
    ...listOf(at(record, "tags")),
    ...listOf(at(record, "facets")).flatMap((facet) =>
      listOf(at(facet, "features")).map((feature) => at(feature, "tag")),
    ),
  ].filter((tag) => typeof tag === "string");

/** Media of a post, and the record that it quotes. */
function embedOf(scene: Scene, embed: unknown): { media: Child | null; record: unknown } {
  const kind = at(embed, "$type");
  if (kind === "app.bsky.embed.record#view") return { media: null, record: at(embed, "record") };
  if (kind === "app.bsky.embed.recordWithMedia#view") {
    return { media: mediaOf(scene, at(embed, "media")), record: at(embed, "record", "record") };
  }
  return { media: mediaOf(scene, embed), record: undefined };
}

interface PostProps {
  scene: Scene;
  post: Post;
  /** The line above it: a repost, a reply. */
  why?: Child;
  /** `main`: the post that the page is about. */
  as?: "item" | "main" | "parent";
  /** How deep in a thread. */
  depth?: number;
}

export const PostArticle: FC<PostProps> = ({ scene, post, why, as = "item", depth = 0 }) => {
  const { author } = post;
  const judged = judgePost(scene, post);
  const { words } = scene.speech;
  if (judged.hidden !== null) {
    return <p class="post gone">{judged.hidden === "!hide" ? words.hiddenPost : words.signedInOnly}</p>;
  }
  return (
    <article
      // Whole, since two people may use one key, and anybody may use a name that the page has.
      id={post.uri}
      class={`post ${as}${depth > 1 ? ` deep-${Math.min(depth, 6)}` : ""}`}
      aria-label={filled(words.postBy, titleOf(author))}
    >
      {why}
      <a class="to-face" href={profilePath(author)} tabindex={-1} aria-hidden="true">
        <Face scene={scene} who={author} />
      </a>
      <div class="body">
        <header>
          <Name scene={scene} who={author} />
          {as === "main" ? null : <When scene={scene} post={post} />}
        </header>
        {as === "main" ? null : <Content scene={scene} post={post} judged={judged} />}
        {as === "main" ? null : <Foot scene={scene} post={post} />}
      </div>
      {as === "main" ? (
        <>
          <Content scene={scene} post={post} judged={judged} />
          <When scene={scene} post={post} whole />
          <Foot scene={scene} post={post} />
        </>
      ) : null}
    </article>
  );
};

const Content: FC<{ scene: Scene; post: Post; judged: Judgement }> = ({ scene, post, judged }) => {
  const { record } = post;
  const { media, record: quoted } = embedOf(scene, post.embed);
  const text = textOfPost(post);
  const [lang] = listOf(at(record, "langs"));
  return (
    <div class="content">
      <Covered scene={scene} judged={judged} media={media}>
        {text === "" ? null : (
          <p class="text" dir="auto" lang={textOf(lang)}>
            <RichText text={text} facets={at(record, "facets")} />
          </p>
        )}
      </Covered>
      {quoted === undefined || judged.cover !== null ? null : quotedOf(scene, quoted, mediaOf)}
    </div>
  );
};

const When: FC<{ scene: Scene; post: Post; whole?: boolean }> = ({ scene: { speech, now }, post, whole }) => {
  const written = writtenAt(post);
  return (
    <a class="when" href={postPath(post.author, post.uri)} title={speech.moment(written)}>
      <time datetime={written}>{whole ? speech.moment(written) : speech.ago(written, now)}</time>
    </a>
  );
};

/** The acts on a post for a member; for a guest, the counts of what others did. */
const Foot: FC<{ scene: Scene; post: Post }> = ({ scene, post }) =>
  scene.forms === null ? (
    <Reach scene={scene} post={post} />
  ) : (
    <PostActs scene={scene} post={post} forms={scene.forms} />
  );

const Reach: FC<{ scene: Scene; post: Post }> = ({ scene: { speech }, post }) => {
  const { words } = speech;
  const reposts = (post.repostCount ?? 0) + (post.quoteCount ?? 0);
  const counts = [
    { icon: "reply", n: post.replyCount ?? 0, forms: words.replyCount },
    { icon: "repost", n: reposts, forms: words.reposts },
    { icon: "like", n: post.likeCount ?? 0, forms: words.likes },
  ] as const;
  return (
    <ul class="reach">
      {counts.map(({ icon, n, forms }) => (
        <li>
          <Icon name={icon} size={18} />
          <span aria-hidden="true">{n === 0 ? "" : speech.number(n)}</span>
          <span class="visually-hidden">{speech.plural(n, forms)}</span>
        </li>
      ))}
    </ul>
  );
};

/** The items of a feed that this reader may see, without those that labels leave out. */
export function listedItems(scene: Scene, items: readonly FeedItem[]): FeedItem[] {
  const seen = new Set<string>();
  return items.filter(({ post, reason }) => {
    if (judgePost(scene, post).unlisted || seen.has(post.uri)) return false;
    const by = reason !== undefined && "by" in reason ? reason.by : null;
    if (by !== null && judge(by.labels ?? [], scene.tastes).hidden !== null) return false;
    seen.add(post.uri);
    return true;
  });
}

/** Whether there is nothing to show. A page whose items are all left out may go on with others. */
export const isEmpty = (scene: Scene, items: readonly FeedItem[], cursor: string | undefined): boolean =>
  cursor === undefined && listedItems(scene, items).length === 0;

export const Feed: FC<{ scene: Scene; items: readonly FeedItem[] }> = ({ scene, items }) => (
  <div class="posts">
    {listedItems(scene, items).map((item) => (
      <PostArticle scene={scene} post={item.post} why={<Why scene={scene} item={item} />} />
    ))}
  </div>
);

/** Why a feed has an item: a repost, a pin, and whom it answers. */
const Why: FC<{ scene: Scene; item: FeedItem }> = ({ scene, item: { reason, reply } }) => {
  const { words } = scene.speech;
  return (
    <>
      {reason !== undefined && "by" in reason ? (
        <p class="why">
          <Icon name="repost" size={16} />
          <a href={profilePath(reason.by)}>{filled(words.reposted, titleOf(reason.by))}</a>
        </p>
      ) : reason !== undefined ? (
        <p class="why">
          <Icon name="pin" size={16} />
          {words.pinned}
        </p>
      ) : null}
      {reply === undefined ? null : (
        <p class="why">
          <Icon name="reply" size={16} />
          <Answered scene={scene} parent={reply.parent} />
        </p>
      )}
    </>
  );
};

const Answered: FC<{ scene: Scene; parent: NonNullable<FeedItem["reply"]>["parent"] }> = ({
  scene,
  parent,
}) => {
  const { words } = scene.speech;
  const isShown = parent.$type === "app.bsky.feed.defs#postView" && judgePost(scene, parent).hidden === null;
  if (!isShown) return <>{words.replyToGone}</>;
  return (
    <a href={postPath(parent.author, parent.uri)}>{filled(words.replyTo, `@${nameOf(parent.author)}`)}</a>
  );
};
