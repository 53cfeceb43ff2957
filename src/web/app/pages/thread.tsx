/** `/profile/<name>/post/<rkey>`: a post, what it answers, and what answers it. */
import type { AppBskyFeedDefs, AppBskyUnspeccedGetPostThreadV2 } from "@atcute/bluesky";
import type { ResourceUri } from "@atcute/lexicons";
import type { FC } from "hono/jsx";
import { POST } from "../../../appview/uris.ts";
import { at, listOf, textOf } from "../../../protocol/json.ts";
import { languageOf } from "../acts/languages.ts";
import { linkOf, nameOf, postPath } from "../addresses.ts";
import { appPage } from "../answers.tsx";
import { type Preview, briefly } from "../frame/preview.tsx";
import { Shell } from "../frame/shell.tsx";
import { Icon } from "../parts/icon.tsx";
import { titleOf } from "../parts/person.tsx";
import { type Post, textOfPost } from "../parts/post-view.ts";
import { PostArticle, judgePost } from "../parts/post.tsx";
import { QuickPost } from "../parts/writing.tsx";
import type { AppVisit, Scene } from "../visit.ts";
import { recordIn } from "./asked.ts";
import { missing } from "./missing.tsx";

type Item = AppBskyUnspeccedGetPostThreadV2.ThreadItem;

/** Levels of replies, and replies of each, on one page. */
const BELOW = 6;
const BRANCHES = 10;

export async function thread(visit: AppVisit, actor: string, rkey: string): Promise<Response> {
  const { views, scene, url } = visit;
  const anchor = await recordIn(visit, actor, POST, rkey);
  if (anchor === null) return missing(visit);
  const {
    thread: items,
    hasOtherReplies,
    threadgate,
  } = await views.getThread({
    anchor,
    above: true,
    below: BELOW,
    branchingFactor: BRANCHES,
    sort: "top",
  });
  const main = items.find(({ depth }) => depth === 0)?.value;
  if (main === undefined || main.$type === "app.bsky.unspecced.defs#threadItemNotFound") {
    return missing(visit, scene.speech.words.notFound);
  }
  const post = main.$type === "app.bsky.unspecced.defs#threadItemPost" ? main.post : null;
  const others = hasOtherReplies && url.searchParams.has("others");
  return appPage(
    visit,
    <Shell scene={scene} preview={post === null ? bare(scene, url) : previewOf(scene, post)}>
      <h1 class="visually-hidden">{scene.speech.words.thread}</h1>
      <div class="posts">
        {items
          .filter(({ depth }) => depth <= 0)
          .map((item) => (
            <ThreadItem scene={scene} item={item} />
          ))}
        {post === null ? null : <AboutPost scene={scene} post={post} threadgate={threadgate} />}
        {post === null ||
        post.viewer?.replyDisabled === true ||
        judgePost(scene, post).hidden !== null ? null : (
          <QuickPost
            scene={scene}
            lang={languageOf(visit.request.headers.get("accept-language"), scene.speech.words.lang)}
            reply={post.uri}
          />
        )}
        {items
          .filter(({ depth }) => depth > 0)
          .map((item) => (
            <ThreadItem scene={scene} item={item} />
          ))}
      </div>
      {hasOtherReplies && !others ? (
        <p class="paging">
          <a class="button second" href="?others" rel="nofollow">
            {scene.speech.words.others}
          </a>
        </p>
      ) : null}
      {others ? await otherReplies(visit, anchor) : null}
    </Shell>,
  );
}

async function otherReplies({ views, scene }: AppVisit, anchor: ResourceUri) {
  const { thread: items } = await views.getOtherReplies({ anchor });
  return (
    <section class="posts">
      <h2 class="aim">{scene.speech.words.othersTitle}</h2>
      {items.flatMap(({ value }) =>
        value.$type === "app.bsky.unspecced.defs#threadItemPost" &&
        judgePost(scene, value.post).hidden === null
          ? [<PostArticle scene={scene} post={value.post} />]
          : [],
      )}
    </section>
  );
}

const ThreadItem: FC<{ scene: Scene; item: Item }> = ({ scene, item: { depth, value } }) => {
  const { words } = scene.speech;
  switch (value.$type) {
    case "app.bsky.unspecced.defs#threadItemPost": {
      const { post, moreReplies } = value;
      // A reply that its labels keep out of feeds is kept out of other people's threads as well.
      if (depth > 0 && judgePost(scene, post).unlisted) return null;
      return (
        <>
          <PostArticle
            scene={scene}
            post={post}
            as={depth === 0 ? "main" : depth < 0 ? "parent" : "item"}
            depth={depth}
          />
          {moreReplies > 0 && depth > 0 ? (
            <p class={`post gone deep-${Math.min(depth + 1, 6)}`}>
              <a href={postPath(post.author, post.uri)}>{words.goOn}</a>
            </p>
          ) : null}
        </>
      );
    }
    case "app.bsky.unspecced.defs#threadItemNoUnauthenticated":
      return <p class="post gone">{words.signedInOnly}</p>;
    case "app.bsky.unspecced.defs#threadItemBlocked":
      return <p class="post gone">{words.blocked}</p>;
    default:
      return <p class="post gone">{words.notFound}</p>;
  }
};

interface AboutPostProps {
  scene: Scene;
  post: Post;
  threadgate: AppBskyFeedDefs.ThreadgateView | undefined;
}

/** The facts of the post that the page is about: who may reply, and its signed record. */
const AboutPost: FC<AboutPostProps> = ({ scene, post, threadgate }) => {
  const { words } = scene.speech;
  const allow = at(threadgate?.record, "allow");
  const proof = new URLSearchParams({
    did: post.author.did,
    collection: POST,
    rkey: rkeyIn(post),
  }).toString();
  if (judgePost(scene, post).hidden !== null) return null;
  return (
    <p class="proof">
      {allow === undefined ? null : (
        <span class="note">
          <Icon name="reply" size={16} />
          {listOf(allow).length === 0 ? words.whoMay.nobody : words.whoMay.some}
        </span>
      )}
      <a href={`/xrpc/com.atproto.sync.getRecord?${proof}`} rel="nofollow" download={`${rkeyIn(post)}.car`}>
        {words.signedRecord}
      </a>
    </p>
  );
};

const rkeyIn = ({ uri }: Post): string => uri.slice(uri.lastIndexOf("/") + 1);

const bare = ({ speech }: Scene, url: URL): Preview => ({
  title: speech.words.thread,
  path: url.pathname,
  indexed: false,
});

/** The first picture of a post, unless its labels cover it. */
function pictureOf(scene: Scene, post: Post): Preview["image"] {
  const { mediaCover, cover } = judgePost(scene, post);
  if (mediaCover !== null || cover !== null) return undefined;
  const media = at(post.embed, "media") ?? post.embed;
  const [first] = [...listOf(at(media, "images")), ...listOf(at(media, "items"))];
  const url = linkOf(at(first, "fullsize") ?? at(media, "external", "thumb"));
  return url === null ? undefined : { url, alt: textOf(at(first, "alt")) };
}

/** The preview of a post; of one that is covered, it says only whose it is. */
function previewOf(scene: Scene, post: Post): Preview {
  const { hidden, unlisted, cover } = judgePost(scene, post);
  const { author, uri } = post;
  const path = postPath(author, uri);
  const title = `${titleOf(author)} (@${nameOf(author)})`;
  if (hidden !== null) return { title: scene.speech.words.thread, path, indexed: false };
  if (cover !== null || unlisted) return { title, path, indexed: false, atUri: uri };
  const image = pictureOf(scene, post) ?? (author.avatar === undefined ? undefined : { url: author.avatar });
  return {
    title,
    path,
    indexed: true,
    type: "article",
    description: briefly(textOfPost(post)),
    image,
    atUri: uri,
  };
}
