/** `/profile/<name>`: an account and what it posts. */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import type { Child, FC } from "hono/jsx";
import { PROFILE, uriOf } from "../../../appview/uris.ts";
import { linkOf, nameOf, profilePath } from "../addresses.ts";
import { appPage } from "../answers.tsx";
import { type Preview, briefly } from "../frame/preview.tsx";
import { Empty, Paging, Shell, Tabs } from "../frame/shell.tsx";
import { judge } from "../judgement.ts";
import { ProfileActs } from "../parts/acts.tsx";
import { Icon } from "../parts/icon.tsx";
import { Face, Verified, titleOf } from "../parts/person.tsx";
import type { FeedItem } from "../parts/post-view.ts";
import { Feed, isEmpty } from "../parts/post.tsx";
import { Away, FoundText } from "../parts/text.tsx";
import type { AppVisit, Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { cursorOf } from "./asked.ts";
import { entryOf } from "../../../protocol/json.ts";
import { nameOfCollection, Records, recordsOf } from "./records.tsx";

export type Profile = Omit<AppBskyActorDefs.ProfileViewDetailed, "$type">;

const TABS = [
  { tab: "", name: "posts", filter: "posts_and_author_threads" },
  { tab: "replies", name: "replies", filter: "posts_with_replies" },
  { tab: "media", name: "media", filter: "posts_with_media" },
] as const;

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

/** The tabs of posts: of the person whose place this is, guests see those that the person chose to show. */
const tabsFor = ({ host, viewer }: Scene, ofPerson: boolean) =>
  TABS.filter(({ tab }) => tab === "" || !ofPerson || viewer !== null || host.shows.includes(tab));

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

/** What others are told of an account; of one that shows itself to members only, nothing but its name. */
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

export const ProfileHead: FC<{ scene: Scene; who: Profile }> = ({ scene, who }) => {
  const { speech } = scene;
  const { words } = speech;
  const { hidden, mediaCover, notes } = judge(who.labels ?? [], scene.tastes);
  const isBare = hidden !== null;
  const website = linkOf(who.website);
  return (
    <header class="profile">
      {who.banner !== undefined && !isBare && mediaCover === null ? (
        <img class="banner" src={who.banner} alt="" width={1500} height={500} />
      ) : (
        <div class="banner none"></div>
      )}
      <Face scene={scene} who={who} size={96} />
      {scene.forms === null ? null : <ProfileActs scene={scene} who={who} forms={scene.forms} />}
      <h1>
        <bdi>{isBare ? `@${nameOf(who)}` : titleOf(who)}</bdi> <Verified scene={scene} who={who} />
      </h1>
      {isBare ? null : (
        <>
          <p class="at">
            <bdi>@{nameOf(who)}</bdi>
            {who.pronouns ? <bdi> · {who.pronouns}</bdi> : null}
            {(who.labels ?? []).some(({ val }) => val === "bot") ? ` · ${words.bot}` : null}
          </p>
          <Standing scene={scene} who={who} />
          {notes.map((note) => (
            <p class="note">
              <Icon name="alert" size={16} />
              {entryOf(words.labelNames, note) ?? note}
            </p>
          ))}
          {who.description ? (
            <p class="text" dir="auto">
              <FoundText text={who.description} />
            </p>
          ) : null}
          {website === null ? null : (
            <p>
              <Away link={website}>{website.replace(/^https?:\/\//, "").replace(/\/$/, "")}</Away>
            </p>
          )}
          {who.followersCount === undefined ? null : (
            <p class="counts">
              <a href={`${profilePath(who)}/followers`}>
                {speech.plural(who.followersCount, words.followers)}
              </a>
              <a href={`${profilePath(who)}/follows`}>
                {filled(words.follows, speech.number(who.followsCount ?? 0))}
              </a>
              <span>{speech.plural(who.postsCount ?? 0, words.postCount)}</span>
            </p>
          )}
        </>
      )}
    </header>
  );
};

/** How the reader and the account stand to each other. */
const Standing: FC<{ scene: Scene; who: Profile }> = ({ scene: { speech }, who: { viewer } }) => {
  const { words } = speech;
  const said = [
    viewer?.followedBy === undefined ? null : words.followsYou,
    viewer?.muted === true ? words.mutedByYou : null,
    viewer?.blocking === undefined ? null : words.blockedByYou,
  ].filter((each) => each !== null);
  return said.length === 0 ? null : <p class="note">{said.join(" · ")}</p>;
};

interface ProfileTabsProps {
  scene: Scene;
  who: Profile;
  here: string;
  path?: string;
  isPerson?: boolean;
}

export const ProfileTabs: FC<ProfileTabsProps> = ({ scene, who, here, path, isPerson: ofPerson = false }) => {
  const { host, speech } = scene;
  const { words } = speech;
  const base = profilePath(who);
  const own = path ?? base;
  const { feedgens = 0, lists = 0, starterPacks = 0 } = who.associated ?? {};
  const more = [
    { count: feedgens, kind: "feeds", name: words.feeds },
    { count: lists, kind: "lists", name: words.lists },
    { count: starterPacks, kind: "starter-packs", name: words.packs },
  ];
  const collections = ofPerson ? host.shows.filter((each) => each.includes(".")) : [];
  const tabs = [
    ...tabsFor(scene, ofPerson).map(({ tab, name }) => ({
      path: tab === "" ? own : `${own}?tab=${tab}`,
      name: words[name],
      here: tab === here,
    })),
    ...collections.map((collection) => ({
      path: `${own}?tab=${collection}`,
      name: nameOfCollection(collection),
      here: collection === here,
    })),
    ...more
      // One's own lists begin there.
      .filter(({ count, kind }) => count > 0 || (kind === "lists" && who.did === scene.viewer?.did))
      .map(({ kind, name }) => ({ path: `${base}/${kind}`, name, here: kind === here })),
  ];
  return <Tabs label={titleOf(who)} tabs={tabs} />;
};
