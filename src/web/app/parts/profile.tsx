/** The head of an account's page, and its tabs. */
import type { AppBskyActorDefs } from "@atcute/bluesky";
import type { FC } from "hono/jsx";
import { linkOf, nameOf, nameOfCollection, profilePath } from "../addresses.ts";
import { Tabs } from "../frame/shell.tsx";
import { isPlain, judge } from "../judgement.ts";
import type { Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";
import { ProfileActs } from "./acts.tsx";
import { Covered } from "./cover.tsx";
import { Face, Verified, titleOf } from "./person.tsx";
import { Away, FoundText } from "./text.tsx";

export type Profile = Omit<AppBskyActorDefs.ProfileViewDetailed, "$type">;

export const TABS = [
  { tab: "", name: "posts", filter: "posts_and_author_threads" },
  { tab: "replies", name: "replies", filter: "posts_with_replies" },
  { tab: "media", name: "media", filter: "posts_with_media" },
] as const;

/** The tabs of posts: of the person whose place this is, guests see those that the person chose to show. */
export const tabsFor = ({ host, viewer }: Scene, ofPerson: boolean) =>
  TABS.filter(({ tab }) => tab === "" || !ofPerson || viewer !== null || host.shows.includes(tab));

export const ProfileHead: FC<{ scene: Scene; who: Profile }> = ({ scene, who }) => {
  const { speech } = scene;
  const { words } = speech;
  const judged = judge(who.labels ?? [], scene.tastes);
  const isBare = judged.hidden !== null;
  return (
    <header class="profile">
      {who.banner !== undefined && isPlain(judged) ? (
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
          <Covered scene={scene} judged={judged} media={null}>
            <Own who={who} />
          </Covered>
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

/** An account's words about itself. */
const Own: FC<{ who: Profile }> = ({ who: { description, ...who } }) => {
  const website = linkOf(who.website);
  return (
    <>
      {description ? (
        <p class="text" dir="auto">
          <FoundText text={description} />
        </p>
      ) : null}
      {website === null ? null : (
        <p>
          <Away link={website}>{website.replace(/^https?:\/\//, "").replace(/\/$/, "")}</Away>
        </p>
      )}
    </>
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
