/** `/profile/<name>`: an account and what it posts. */
import type { Child, FC } from "hono/jsx";
import { PROFILE, uriOf } from "../../../appview/uris.ts";
import { nameOf, profilePath } from "../addresses.ts";
import { appPage } from "../answers.tsx";
import { type Preview, briefly } from "../frame/preview.tsx";
import { Empty, Paging, Shell } from "../frame/shell.tsx";
import { judge } from "../judgement.ts";
import { titleOf } from "../parts/person.tsx";
import type { FeedItem } from "../parts/post-view.ts";
import { type Profile, ProfileHead, ProfileTabs, TABS, tabsFor } from "../parts/profile.tsx";
import { Feed, isEmpty } from "../parts/post.tsx";
import type { AppVisit, Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { cursorOf } from "./asked.ts";
import { entryOf } from "../../../protocol/json.ts";
import { Records, recordsOf } from "./records.tsx";

/** Posts on one page. */
const PAGE = 30;

/** @param at the page's own path, by default that of the account's name */
export async function profile(visit: AppVisit, actor: string, at?: string): Promise<Response> {
  const { views, scene, url } = visit;
  const who = await views.getProfile({ actor });
  const reason = whyNot(scene, who);
  const asked = url.searchParams.get("tab") ?? "";
  const tab = tabsFor(visit.scene, isPerson(visit, who)).find((each) => each.tab === asked) ?? TABS[0];
  const cursor = cursorOf(url);
  const path = at ?? profilePath(who);
  const collection = reason === null && isPerson(visit, who) ? collectionIn(scene.host.shows, asked) : null;
  const frame = { path, isPerson: isPerson(visit, who), here: collection ?? tab.tab };
  if (collection !== null) {
    const found = await recordsOf(visit, who.did, collection, cursor);
    return shownAs(visit, who, frame, <Records scene={scene} rows={found.rows} />, found.cursor);
  }
  const { feed, ...next } =
    reason === null
      ? await views.getAuthorFeed({
          actor: who.did,
          limit: PAGE,
          cursor,
          filter: tab.filter,
          includePins: tab.tab === "",
        })
      : { feed: [], cursor: undefined };
  return shownAs(
    visit,
    who,
    frame,
    reason ?? <Items scene={scene} items={feed} cursor={next.cursor} />,
    next.cursor,
  );
}

/** Whether an account is the one whose place this is. */
const isPerson = ({ person }: AppVisit, { did }: Profile): boolean => person?.did === did;

interface ProfileFrame {
  /** The page's own path, without its query. */
  path: string;
  isPerson: boolean;
  /** The tab. */
  here: string;
}

/** @param content a text is the reason why there is none */
function shownAs(
  visit: AppVisit,
  who: Profile,
  { path, isPerson: ofPerson, here }: ProfileFrame,
  content: Child,
  cursor: string | undefined,
): Promise<Response> {
  const { scene } = visit;
  const query: Record<string, string> = here === "" ? {} : { tab: here };
  return appPage(
    visit,
    <Shell
      scene={scene}
      preview={{ ...previewOf(scene, who, here), ...(path === "/" && here === "" ? { path } : {}) }}
      at={path}
    >
      <ProfileHead scene={scene} who={who} />
      {typeof content === "string" ? (
        <Empty>{content}</Empty>
      ) : (
        <>
          <ProfileTabs scene={scene} who={who} here={here} path={path} isPerson={ofPerson} />
          {content}
          <Paging scene={scene} path={path} query={query} cursor={cursor} />
        </>
      )}
    </Shell>,
  );
}

const collectionIn = (shows: readonly string[], asked: string): string | null =>
  asked.includes(".") && shows.includes(asked) ? asked : null;

interface ItemsProps {
  scene: Scene;
  items: readonly FeedItem[];
  cursor: string | undefined;
}

const Items: FC<ItemsProps> = ({ scene, items, cursor }) =>
  isEmpty(scene, items, cursor) ? (
    <Empty>{scene.speech.words.nothingYet}</Empty>
  ) : (
    <Feed scene={scene} items={items} />
  );

/** Why this reader sees nothing of what the account has; null if they do. */
export function whyNot({ speech: { words }, tastes }: Scene, who: Profile): string | null {
  const { hidden } = judge(who.labels ?? [], tastes);
  const { blocking, blockingByList, blockedBy } = who.viewer ?? {};
  if (blocking !== undefined || blockingByList !== undefined) return words.blockedByYou;
  if (blockedBy === true) return words.blocksYou;
  if (hidden === null) return null;
  return hidden === "!hide"
    ? (entryOf(words.labelNames, hidden) ?? hidden)
    : filled(words.membersOnly, `@${nameOf(who)}`);
}

/** The preview of an account; of one that shows itself to members only, nothing but its name. */
export function previewOf(scene: Scene, who: Profile, tab = ""): Preview {
  const { hidden, mediaCover, cover } = judge(who.labels ?? [], scene.tastes);
  const path = profilePath(who);
  const bare = { title: `@${nameOf(who)}`, path, indexed: false };
  if (hidden !== null || cover !== null) return bare;
  return {
    title: who.displayName ? `${titleOf(who)} (@${nameOf(who)})` : bare.title,
    path: tab === "" ? path : `${path}?tab=${tab}`,
    indexed: tab === "",
    type: "profile",
    description: briefly(who.description ?? ""),
    image: who.avatar === undefined || mediaCover !== null ? undefined : { url: who.avatar },
    atUri: uriOf(who.did, PROFILE, "self"),
    rss: `${path}/rss`,
  };
}
