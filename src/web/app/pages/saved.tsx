/** `/saved`: a member's bookmarks. */
import { appPage } from "../answers.tsx";
import { Empty, Paging, Shell } from "../frame/shell.tsx";
import { PostArticle } from "../parts/post.tsx";
import type { MemberVisit } from "../visit.ts";
import { cursorOf } from "./asked.ts";

const PAGE = 30;

export async function saved(visit: MemberVisit): Promise<Response> {
  const { views, scene, url } = visit;
  const { words } = scene.speech;
  const { bookmarks, cursor } = await views.getBookmarks({ limit: PAGE, cursor: cursorOf(url) });
  return appPage(
    visit,
    <Shell scene={scene} at="/saved" preview={{ title: words.bookmarks, path: "/saved", indexed: false }}>
      <h1>{words.bookmarks}</h1>
      {bookmarks.length === 0 && cursor === undefined ? <Empty>{words.noBookmarks}</Empty> : null}
      <div class="posts">
        {bookmarks.map(({ item }) =>
          item.$type === "app.bsky.feed.defs#postView" ? (
            <PostArticle scene={scene} post={item} />
          ) : (
            <p class="post gone">
              {item.$type === "app.bsky.feed.defs#blockedPost" ? words.blocked : words.notFound}
            </p>
          ),
        )}
      </div>
      <Paging scene={scene} path="/saved" query={{}} cursor={cursor} />
    </Shell>,
  );
}
