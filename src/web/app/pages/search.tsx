/** `/search` and `/hashtag/<tag>`: people and posts by words. */
import type { FC } from "hono/jsx";
import { tagPath } from "../addresses.ts";
import { appPage } from "../answers.tsx";
import { Empty, Paging, Shell, Tabs } from "../frame/shell.tsx";
import { peopleRows } from "../parts/people.tsx";
import type { Post } from "../parts/post-view.ts";
import { PostArticle, judgePost } from "../parts/post.tsx";
import type { AppVisit, Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { cursorOf } from "./asked.ts";

const PAGE = 25;
/** The longest text that is searched for. */
const LONGEST = 200;

const TABS = ["top", "latest", "people"] as const;
type Tab = (typeof TABS)[number];

const tabOf = (url: URL): Tab => TABS.find((tab) => tab === url.searchParams.get("tab")) ?? "top";

export async function searchPage(visit: AppVisit): Promise<Response> {
  const { scene, url } = visit;
  const { words } = scene.speech;
  const asked = (url.searchParams.get("q") ?? "").trim().slice(0, LONGEST);
  const tab = tabOf(url);
  const tabs = TABS.map((each) => ({
    path: `/search?${new URLSearchParams({ q: asked, tab: each }).toString()}`,
    name: words[each],
    here: each === tab,
  }));
  return appPage(
    visit,
    <Shell
      scene={scene}
      at="/search"
      asked={asked}
      preview={{ title: words.search, path: "/search", indexed: false }}
    >
      <h1>{asked === "" ? words.search : filled(words.found, asked)}</h1>
      {asked === "" ? (
        <Empty>{words.searchHint}</Empty>
      ) : (
        <>
          <Tabs label={words.search} tabs={tabs} />
          {tab === "people" ? await people(visit, asked) : await posts(visit, asked, tab)}
        </>
      )}
    </Shell>,
  );
}

async function people({ views, scene, url }: AppVisit, asked: string) {
  const { actors, cursor } = await views.searchActors({ q: asked, limit: PAGE, cursor: cursorOf(url) });
  const found = peopleRows(scene, actors);
  return (
    <>
      {found.length === 0 && cursor === undefined ? <Empty>{scene.speech.words.nothingFound}</Empty> : null}
      <ul class="roll">{found}</ul>
      <Paging scene={scene} path="/search" query={{ q: asked, tab: "people" }} cursor={cursor} />
    </>
  );
}

async function posts({ views, scene, url }: AppVisit, asked: string, tab: Tab) {
  const found = await views.searchPosts({
    q: asked,
    sort: tab === "latest" ? "latest" : "top",
    limit: PAGE,
    cursor: cursorOf(url),
  });
  return (
    <>
      <Found scene={scene} {...found} />
      <Paging scene={scene} path="/search" query={{ q: asked, tab }} cursor={found.cursor} />
    </>
  );
}

interface FoundProps {
  scene: Scene;
  posts: readonly Post[];
  cursor?: string | undefined;
}

const Found: FC<FoundProps> = ({ scene, posts: all, cursor }) => {
  const shown = all.filter((post) => !judgePost(scene, post).unlisted);
  if (shown.length === 0 && cursor === undefined) return <Empty>{scene.speech.words.nothingFound}</Empty>;
  return (
    <div class="posts">
      {shown.map((post) => (
        <PostArticle scene={scene} post={post} />
      ))}
    </div>
  );
};

export async function hashtag(visit: AppVisit, tag: string): Promise<Response> {
  const { views, scene, url } = visit;
  const { words } = scene.speech;
  const top = url.searchParams.get("tab") === "top";
  const found = await views.searchPosts({
    q: "*",
    tag: [tag],
    sort: top ? "top" : "latest",
    limit: PAGE,
    cursor: cursorOf(url),
  });
  const path = tagPath(tag);
  const title = `#${tag}`;
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title, path, indexed: !top, description: filled(words.tagged, tag) }}>
      <h1 dir="auto">{title}</h1>
      <Tabs
        label={title}
        tabs={[
          { path, name: words.latest, here: !top },
          { path: `${path}?tab=top`, name: words.top, here: top },
        ]}
      />
      <Found scene={scene} {...found} />
      <Paging scene={scene} path={path} query={top ? { tab: "top" } : {}} cursor={found.cursor} />
    </Shell>,
  );
}
