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
  const { scene, url } = visit;
  const asked = url.searchParams.get("tab") ?? "";
  const [found, early] = await aboutAndPosts(visit, actor, asked);
  const who = valueOf(found);
  const reason = whyNot(scene, who);
  const tab = tabIn(visit, asked, isPerson(visit, who));
  const cursor = cursorOf(url);
  const path = at ?? profilePath(who);
  const collection = reason === null && isPerson(visit, who) ? collectionIn(scene.host.shows, asked) : null;
  const frame = { path, isPerson: isPerson(visit, who), here: collection ?? tab.tab };
  if (collection !== null) {
    const kept = await recordsOf(visit, who.did, collection, cursor);
    return shownAs(visit, who, frame, <Records scene={scene} rows={kept.rows} />, kept.cursor);
  }
  const { feed, ...next } =
    reason !== null
      ? { feed: [], cursor: undefined }
      : early === null
        ? await postsOf(visit, who.did, tab)
        : valueOf(early);
  return shownAs(
    visit,
    who,
    frame,
    reason ?? <Items scene={scene} items={feed} cursor={next.cursor} />,
    next.cursor,
  );
}

type Tab = (typeof TABS)[number];
type Posts = Awaited<ReturnType<AppVisit["views"]["getAuthorFeed"]>>;

const tabIn = ({ scene }: AppVisit, asked: string, ofPerson: boolean): Tab =>
  tabsFor(scene, ofPerson).find(({ tab }) => tab === asked) ?? TABS[0];

const postsOf = ({ views, url }: AppVisit, actor: string, { tab, filter }: Tab): Promise<Posts> =>
  views.getAuthorFeed({
    actor,
    limit: PAGE,
    cursor: cursorOf(url),
    filter,
    includePins: tab === "",
  });

/**
 * The account, and on the same trips its posts, which are asked for before it is known whether they may be shown.
 * Of the person whose place it is, the tabs are their own choice, so their posts come after.
 */
async function aboutAndPosts(
  visit: AppVisit,
  actor: string,
  asked: string,
): Promise<[PromiseSettledResult<Profile>, PromiseSettledResult<Posts> | null]> {
  const { views, beside, person, end } = visit;
  const params = { actor };
  if (person !== null) {
    const [found] = await Promise.allSettled([views.getProfile(params)]);
    return [found, null];
  }
  const [found, posts] = await Promise.allSettled([
    beside.getProfile(params),
    postsOf(visit, actor, tabIn(visit, asked, false)).finally(end),
  ]);
  if (found.status === "fulfilled" || posts.status === "rejected") return [found, posts];
  // Whoever was looked up for the posts is here by now.
  const [again] = await Promise.allSettled([views.getProfile(params)]);
  return [again, posts];
}

/** Throws what a read threw. */
function valueOf<Value>(settled: PromiseSettledResult<Value>): Value {
  if (settled.status === "rejected") throw settled.reason;
  return settled.value;
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
