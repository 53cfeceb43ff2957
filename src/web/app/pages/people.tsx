/** `/profile/<name>/followers`, `…/follows`, `…/feeds`, `…/lists`, `…/starter-packs`: what an account has. */
import type { Child } from "hono/jsx";
import { at, textOf } from "../../../protocol/json.ts";
import { feedPath, listPath, nameOf, packPath, profilePath } from "../addresses.ts";
import { appPage } from "../answers.tsx";
import { Empty, Paging, Shell } from "../frame/shell.tsx";
import { peopleRows } from "../parts/people.tsx";
import { titleOf } from "../parts/person.tsx";
import { thingRows } from "../parts/thing.tsx";
import type { AppVisit } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { cursorOf } from "./asked.ts";
import { ProfileHead, ProfileTabs } from "../parts/profile.tsx";
import { previewOf, whyNot } from "./profile.tsx";

const PAGE = 50;

type Row = Child;
interface Found {
  rows: Row[];
  cursor?: string | undefined;
}
interface Asked {
  actor: string;
  limit: number;
  cursor: string | undefined;
}

/** Reads the records of one kind, a row each. */
type Kind = (visit: AppVisit, asked: Asked) => Promise<Found>;

const KINDS = {
  followers: async ({ views, scene }, asked) => {
    const { followers, cursor } = await views.getFollowers(asked);
    return { rows: peopleRows(scene, followers), cursor };
  },
  follows: async ({ views, scene }, asked) => {
    const { follows, cursor } = await views.getFollows(asked);
    return { rows: peopleRows(scene, follows), cursor };
  },
  feeds: async ({ views, scene }, asked) => {
    const { feeds, cursor } = await views.getActorFeeds(asked);
    const things = feeds.map((feed) => ({ ...feed, name: feed.displayName }));
    return { rows: thingRows(scene, "feed", feedPath, things), cursor };
  },
  lists: async ({ views, scene }, asked) => {
    const { lists, cursor } = await views.getLists(asked);
    return { rows: thingRows(scene, "list", listPath, lists), cursor };
  },
  "starter-packs": async ({ views, scene }, asked) => {
    const { starterPacks, cursor } = await views.getActorStarterPacks(asked);
    const things = starterPacks.map(({ record, ...pack }) => ({
      ...pack,
      name: textOf(at(record, "name")) ?? "",
      description: textOf(at(record, "description")),
    }));
    return { rows: thingRows(scene, "person", packPath, things), cursor };
  },
} satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;
export const isKind = (name: string): name is KindName => Object.hasOwn(KINDS, name);

export async function ofProfile(visit: AppVisit, actor: string, kind: KindName): Promise<Response> {
  const { views, scene, url } = visit;
  const { words } = scene.speech;
  const who = await views.getProfile({ actor });
  const reason = whyNot(scene, who);
  const find: Kind = KINDS[kind];
  const found: Found =
    reason === null
      ? await find(visit, { actor: who.did, limit: PAGE, cursor: cursorOf(url) })
      : { rows: [] };
  const isPeople = kind === "followers" || kind === "follows";
  return appPage(
    visit,
    <Shell
      scene={scene}
      preview={{ ...previewOf(scene, who), path: `${profilePath(who)}/${kind}`, indexed: false }}
    >
      {isPeople ? (
        <h1>
          <a href={profilePath(who)}>
            {filled(
              kind === "followers" ? words.followersOf : words.followsOf,
              reason === null ? titleOf(who) : `@${nameOf(who)}`,
            )}
          </a>
        </h1>
      ) : (
        <>
          <ProfileHead scene={scene} who={who} />
          <ProfileTabs scene={scene} who={who} here={kind} />
        </>
      )}
      {reason !== null ? (
        <Empty>{reason}</Empty>
      ) : found.rows.length === 0 && found.cursor === undefined ? (
        <Empty>{isPeople ? words.nobodyYet : words.nothingYet}</Empty>
      ) : (
        <ul class="roll">{found.rows}</ul>
      )}
      {kind === "lists" && who.did === scene.viewer?.did ? (
        <p class="paging">
          <a class="button second" href="/app/list">
            {words.newList}
          </a>
        </p>
      ) : null}
      <Paging scene={scene} path={url.pathname} query={{}} cursor={found.cursor} />
    </Shell>,
  );
}
