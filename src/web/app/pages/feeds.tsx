/** `/profile/<name>/feed/<rkey>`, `…/lists/<rkey>`: what somebody has put together. */
import type { Child, FC } from "hono/jsx";
import { GENERATOR, LIST, rkeyOf } from "../../../appview/uris.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { feedPath, listPath } from "../addresses.ts";
import { appPage } from "../answers.tsx";
import { Empty, Paging, Shell, Tabs } from "../frame/shell.tsx";
import { ListActs } from "../parts/acts.tsx";
import { Head, type Thing, isKept, previewOf } from "../parts/made.tsx";
import { PersonRow, listed } from "../parts/person.tsx";
import type { FeedItem } from "../parts/post-view.ts";
import { Feed, isEmpty } from "../parts/post.tsx";
import { type AppVisit, type Forms, type Scene, isMember } from "../visit.ts";
import { cursorOf, recordIn } from "./asked.ts";
import { missing } from "./missing.tsx";
import { FeedWish } from "./wishes.tsx";

const PAGE = 30;

const Items: FC<{ scene: Scene; page: { feed: readonly FeedItem[]; cursor?: string | undefined } }> = ({
  scene,
  page: { feed, cursor },
}) =>
  isEmpty(scene, feed, cursor) ? (
    <Empty>{scene.speech.words.nothingYet}</Empty>
  ) : (
    <Feed scene={scene} items={feed} />
  );

export async function feedPage(visit: AppVisit, actor: string, rkey: string): Promise<Response> {
  const { views, scene, url } = visit;
  const { words } = scene.speech;
  const uri = await recordIn(visit, actor, GENERATOR, rkey);
  const { feeds } = await views.getFeedGenerators({ feeds: uri === null ? [] : [uri] });
  const [view] = feeds;
  if (uri === null || view === undefined) return missing(visit);
  const thing: Thing = { ...view, name: view.displayName, description: view.description };
  if (isKept(scene, thing)) return missing(visit, words.signedInOnly);
  const path = feedPath(uri, view.creator);
  const page = await fromService(visit, { feed: uri, limit: PAGE, cursor: cursorOf(url) });
  return appPage(
    visit,
    <Shell scene={scene} preview={previewOf(scene, path, thing)}>
      <Head scene={scene} thing={thing} by={words.feedBy} />
      {isMember(visit) ? (
        <div class="aim">
          <FeedWish scene={scene} uri={uri} isPinned={visit.reader.pinned.includes(uri)} back={path} />
        </div>
      ) : null}
      {page === null ? <Empty>{words.feedAway}</Empty> : <Items scene={scene} page={page} />}
      <Paging scene={scene} path={path} query={{}} cursor={page?.cursor} />
    </Shell>,
  );
}

/** A page of a feed; null if its service gives none. */
async function fromService({ views }: AppVisit, asked: Parameters<AppVisit["views"]["getFeed"]>[0]) {
  try {
    return await views.getFeed(asked);
  } catch (thrown) {
    if (isRefusal(thrown)) return null;
    throw thrown;
  }
}

export async function listPage(visit: AppVisit, actor: string, rkey: string): Promise<Response> {
  const { views, scene, url } = visit;
  const { words } = scene.speech;
  const uri = await recordIn(visit, actor, LIST, rkey);
  if (uri === null) return missing(visit);
  const cursor = cursorOf(url);
  const isModeration = (purpose: string) => purpose === "app.bsky.graph.defs#modlist";
  const tab = url.searchParams.get("tab") === "people" ? "people" : "posts";
  const { list, items, ...people } = await views.getList({
    list: uri,
    limit: PAGE,
    cursor: tab === "people" ? cursor : undefined,
  });
  const thing: Thing = list;
  if (isKept(scene, thing)) return missing(visit, words.signedInOnly);
  const path = listPath(uri, list.creator);
  const asPeople = tab === "people" || isModeration(list.purpose);
  const found = items.filter(({ subject }) => listed(scene, [subject]).length > 0);
  const isOwn = list.creator.did === scene.viewer?.did;
  const posts = asPeople ? null : await views.getListFeed({ list: uri, limit: PAGE, cursor });
  const roll: Child = (
    <ul class="roll">
      {found.map((item) => (
        <PersonRow scene={scene} who={item.subject}>
          {isOwn && scene.forms !== null ? <Unlist scene={scene} forms={scene.forms} uri={item.uri} /> : null}
        </PersonRow>
      ))}
    </ul>
  );
  return appPage(
    visit,
    <Shell scene={scene} preview={previewOf(scene, path, thing)}>
      {scene.forms === null ? null : <ListActs scene={scene} list={list} forms={scene.forms} />}
      <Head scene={scene} thing={thing} by={isModeration(list.purpose) ? words.modListBy : words.listBy} />
      {isModeration(list.purpose) ? null : (
        <Tabs
          label={list.name}
          tabs={[
            { path, name: words.fromThisList, here: !asPeople },
            { path: `${path}?tab=people`, name: words.onThisList, here: asPeople },
          ]}
        />
      )}
      {posts === null ? (
        found.length === 0 && people.cursor === undefined ? (
          <Empty>{words.nobodyYet}</Empty>
        ) : (
          roll
        )
      ) : null}
      {posts === null ? null : <Items scene={scene} page={posts} />}
      <Paging
        scene={scene}
        path={path}
        query={asPeople ? { tab: "people" } : {}}
        cursor={posts === null ? people.cursor : posts.cursor}
      />
    </Shell>,
  );
}

/** Takes an account off the reader's own list. */
const Unlist: FC<{ scene: Scene; forms: Forms; uri: string }> = ({ scene, forms, uri }) => (
  <form method="post" action="/app/act">
    <input type="hidden" name="csrf" value={forms.csrf} />
    <input type="hidden" name="back" value={forms.back} />
    <button class="quiet" name="do" value={`unlist ${rkeyOf(uri)}`}>
      {scene.speech.words.remove}
    </button>
  </form>
);
