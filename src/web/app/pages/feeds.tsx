/** `/profile/<name>/feed/<rkey>`, `…/lists/<rkey>`, `/starter-pack/<name>/<rkey>`: what somebody has put together. */
import type { Child, FC } from "hono/jsx";
import { GENERATOR, LIST, STARTER_PACK, rkeyOf } from "../../../appview/uris.ts";
import { at, textOf } from "../../../protocol/json.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { feedPath, listPath, nameOf, packPath, profilePath } from "../addresses.ts";
import { appPage } from "../answers.tsx";
import { type Preview, briefly } from "../frame/preview.tsx";
import { Empty, Paging, Shell, Tabs } from "../frame/shell.tsx";
import { judge } from "../judgement.ts";
import { ListActs } from "../parts/acts.tsx";
import { type Basic, PersonRow, listed } from "../parts/person.tsx";
import type { FeedItem } from "../parts/post-view.ts";
import { Feed, isEmpty } from "../parts/post.tsx";
import { ThingRow } from "../parts/thing.tsx";
import type { AppVisit, Forms, Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { cursorOf, recordIn } from "./asked.ts";
import { missing } from "./missing.tsx";

const PAGE = 30;

interface Thing {
  uri: string;
  name: string;
  description?: string | undefined;
  creator: Basic;
  avatar?: string | undefined;
  labels?: readonly { val: string; src: string }[] | undefined;
}

/** Whether labels keep the thing, or whoever made it, from this reader. */
const isKept = ({ tastes }: Scene, { creator, labels = [] }: Thing): boolean =>
  judge([...(creator.labels ?? []), ...labels], tastes).hidden !== null;

const previewOf = (path: string, { uri, name, description, avatar }: Thing): Preview => ({
  title: name,
  path,
  indexed: true,
  description: briefly(description ?? ""),
  image: avatar === undefined ? undefined : { url: avatar },
  type: "profile",
  atUri: uri,
});

const Head: FC<{ thing: Thing; by: string }> = ({ thing: { name, description, creator }, by }) => (
  <div class="head">
    <h1 dir="auto">{name}</h1>
    <p class="lead">
      <a href={profilePath(creator)}>{filled(by, `@${nameOf(creator)}`)}</a>
    </p>
    {description ? (
      <p class="text" dir="auto">
        {description}
      </p>
    ) : null}
  </div>
);

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
    <Shell scene={scene} preview={previewOf(path, thing)}>
      <Head thing={thing} by={words.feedBy} />
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
    <Shell scene={scene} preview={previewOf(path, thing)}>
      {scene.forms === null ? null : <ListActs scene={scene} list={list} forms={scene.forms} />}
      <Head thing={thing} by={isModeration(list.purpose) ? words.modListBy : words.listBy} />
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

export async function starterPackPage(visit: AppVisit, actor: string, rkey: string): Promise<Response> {
  const { views, scene } = visit;
  const { words } = scene.speech;
  const uri = await recordIn(visit, actor, STARTER_PACK, rkey);
  if (uri === null) return missing(visit);
  const { starterPack: view } = await views.getStarterPack({ starterPack: uri });
  const { creator, record, labels, feeds = [], listItemsSample = [], joinedAllTimeCount = 0 } = view;
  const name = textOf(at(record, "name")) ?? "";
  const thing: Thing = { uri, name, description: textOf(at(record, "description")), creator, labels };
  if (isKept(scene, thing)) return missing(visit, words.signedInOnly);
  const people = listed(
    scene,
    listItemsSample.map(({ subject }) => subject),
  );
  return appPage(
    visit,
    <Shell scene={scene} preview={previewOf(packPath(uri, creator), thing)}>
      <Head thing={thing} by={words.packBy} />
      <p class="aim at">
        {filled(words.packLead, `@${nameOf(creator)}`)}{" "}
        {joinedAllTimeCount > 0 ? scene.speech.plural(joinedAllTimeCount, words.joinedByPack) : null}
      </p>
      <ul class="roll">
        {people.map((who) => (
          <PersonRow scene={scene} who={who} />
        ))}
        {feeds.map((feed) => (
          <ThingRow
            icon="feed"
            path={feedPath(feed.uri, feed.creator)}
            name={feed.displayName}
            description={feed.description}
          />
        ))}
      </ul>
      {view.list === undefined ? null : (
        <p class="paging">
          <a class="button second" href={`${listPath(view.list.uri, creator)}?tab=people`}>
            {words.onThisList}
          </a>
        </p>
      )}
    </Shell>,
  );
}
