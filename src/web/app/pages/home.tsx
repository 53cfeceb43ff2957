/** `/` for a member: those whom they follow, the community, and the feeds that they have pinned. */
import type { FC } from "hono/jsx";
import { languageOf } from "../acts/languages.ts";
import { getSuggestions } from "../../../appview/reads/methods/graph/suggested-follows.ts";
import { feedPath } from "../addresses.ts";
import { appPage } from "../answers.tsx";
import { Empty, Paging, Shell, Tabs } from "../frame/shell.tsx";
import { peopleRows } from "../parts/people.tsx";
import { Feed, isEmpty } from "../parts/post.tsx";
import { QuickPost } from "../parts/writing.tsx";
import type { MemberVisit, Scene } from "../visit.ts";
import { cursorOf } from "./asked.ts";

const PAGE = 30;

export interface HomeTab {
  path: string;
  name: string;
  here: boolean;
}

/** The tabs of a member's front page. `here`: the query's `tab`. */
export async function homeTabs(
  { beside, reader, scene, hasIndex, person }: MemberVisit,
  here: string,
): Promise<HomeTab[]> {
  const { words } = scene.speech;
  const { pinned } = reader;
  const { feeds } = pinned.length === 0 ? { feeds: [] } : await beside.getFeedGenerators({ feeds: pinned });
  return [
    { path: "/", name: words.following, here: here === "" },
    // A community has a timeline of its own, which the host's index knows.
    ...(hasIndex && person === null
      ? [
          { path: "/?tab=local", name: words.local, here: here === "local" },
          { path: "/?tab=best", name: words.best, here: here === "best" },
        ]
      : []),
    ...feeds.map(({ uri, displayName, creator }) => ({
      path: feedPath(uri, creator),
      name: displayName,
      here: false,
    })),
  ];
}

export async function home(visit: MemberVisit): Promise<Response> {
  const { views, reader, scene, url } = visit;
  const cursor = cursorOf(url);
  const [{ feed, ...next }, tabs] = await Promise.all([
    views.getTimeline({ limit: PAGE, cursor }).finally(visit.end),
    homeTabs(visit, ""),
  ]);
  const { host } = scene;
  return appPage(
    visit,
    <Shell scene={scene} at="/" preview={{ title: host.name, path: "/", indexed: false }}>
      <h1 class="visually-hidden">{host.name}</h1>
      <Tabs label={host.name} tabs={tabs} />
      {cursor === undefined ? (
        <QuickPost
          scene={scene}
          lang={languageOf(visit.request.headers.get("accept-language"), scene.speech.words.lang)}
          who={reader.who}
        />
      ) : null}
      {cursor === undefined && isEmpty(scene, feed, next.cursor) ? (
        <Nobody
          scene={scene}
          path={visit.hasIndex && visit.person === null ? "/?tab=local" : "/search"}
          people={visit.hasIndex ? await someBody(visit) : []}
        />
      ) : null}
      <Feed scene={scene} items={feed} />
      <Paging scene={scene} path="/" query={{}} cursor={next.cursor} />
    </Shell>,
  );
}

/** Whom to begin with: people of the community. */
const SUGGESTED = 5;

async function someBody({ reading, scene }: MemberVisit) {
  const { actors } = await getSuggestions(reading, { limit: SUGGESTED });
  return peopleRows(scene, actors);
}

interface NobodyProps {
  scene: Scene;
  path: string;
  people: Awaited<ReturnType<typeof someBody>>;
}

const Nobody: FC<NobodyProps> = ({ scene, path, people }) => {
  const { words } = scene.speech;
  return (
    <>
      <Empty>{words.followFirst}</Empty>
      <p class="paging">
        <a class="button first" href={path}>
          {path === "/search" ? words.search : words.seeLocal}
        </a>
      </p>
      {people.length === 0 ? null : (
        <section>
          <h2 class="aim">{words.whomToFollow}</h2>
          <ul class="roll">{people}</ul>
        </section>
      )}
    </>
  );
};
