/** `/app/wishes`: what a member wants to see: filters, muted words and feeds, the same as in their other apps. */
import type { Child, FC } from "hono/jsx";
import { at, textOf } from "../../../protocol/json.ts";
import type { JsonObject } from "../../../protocol/account-station.ts";
import { invalidRequest } from "../../../protocol/refusal.ts";
import type { Fields } from "../../forms.ts";
import { backOf, isFeedUri } from "../acts/given.ts";
import {
  type Change,
  type Preferences,
  cleanWord,
  dropFeed,
  muteWord,
  mutedWords,
  raiseFeed,
  saveFeed,
  savedFeeds,
  showAdult,
  showLabel,
  unmuteWord,
} from "../acts/wishes.ts";
import { feedPath } from "../addresses.ts";
import { appPage, goOn } from "../answers.tsx";
import { Shell } from "../frame/shell.tsx";
import { OF_MEDIA } from "../judgement.ts";
import type { MemberVisit, Scene } from "../visit.ts";

const NAMESPACE = "app.bsky";

const accountOf = ({ services, reader }: MemberVisit) => services.account(reader.member.did);

/** What each button changes. Refuses InvalidRequest. */
function changeOf(fields: Fields): Change {
  const value = (fields.get("value") ?? "").slice(0, 2_000);
  switch (fields.get("do")) {
    case "filters":
      return (preferences) => filtered(showAdult(fields.has("adult"))(preferences), fields);
    case "mute": {
      const word = cleanWord(value);
      if (word === "") throw invalidRequest("No word");
      const [inTags, exceptFollowed] = [fields.has("tags"), fields.has("followed")];
      return muteWord({ value: word.slice(0, 1_000), inTags, exceptFollowed });
    }
    case "unmute":
      return unmuteWord(value);
    case "pin":
    case "unpin":
      if (!isFeedUri(value)) throw invalidRequest("Not a feed");
      return saveFeed(value, fields.get("do") === "pin");
    case "drop":
      return dropFeed(value);
    case "raise":
      return raiseFeed(value);
    default:
      throw invalidRequest("Unknown wish");
  }
}

function filtered(before: JsonObject[], fields: Fields): JsonObject[] {
  let preferences = before;
  for (const label of Object.keys(OF_MEDIA)) {
    const wish = fields.get(label);
    if (wish === "ignore" || wish === "warn" || wish === "hide")
      preferences = showLabel(label, wish)(preferences);
  }
  return preferences;
}

export async function takeWish(visit: MemberVisit, fields: Fields): Promise<Response> {
  const change = changeOf(fields);
  const account = accountOf(visit);
  const before = await account.getPreferences(NAMESPACE, true);
  await account.putPreferences(NAMESPACE, change(before), true);
  return goOn(backOf(fields, "/app/wishes"));
}

export async function showWishes(visit: MemberVisit): Promise<Response> {
  const { scene } = visit;
  const { words } = scene.speech;
  const preferences = await accountOf(visit).getPreferences(NAMESPACE, true);
  return appPage(
    visit,
    <Shell scene={scene} preview={{ title: words.wishes, path: "/app/wishes", indexed: false }}>
      <div class="head">
        <h1>{words.wishes}</h1>
        <p class="lead">{words.wishesLead}</p>
      </div>
      <Filters scene={scene} />
      <Words scene={scene} preferences={preferences} />
      {await feeds(visit, preferences)}
    </Shell>,
  );
}

const Wish: FC<{ scene: Scene; children?: Child; class?: string }> = ({ scene, children, ...more }) => (
  <form method="post" action="/app/wishes" {...more}>
    <input type="hidden" name="csrf" value={scene.forms?.csrf} />
    {children}
  </form>
);

const Filters: FC<{ scene: Scene }> = ({ scene }) => {
  const { speech, tastes } = scene;
  const { words } = speech;
  const labels = Object.entries(OF_MEDIA).filter(([label]) => label !== "gore");
  return (
    <section class="aim">
      <h2>{words.filters}</h2>
      <Wish scene={scene}>
        <label class="check">
          <input type="checkbox" name="adult" value="1" checked={tastes.adult} /> {words.adult}
        </label>
        {labels.map(([label, { usual }]) => (
          <div class="field">
            <label for={label}>{words.labelNames[label]}</label>
            <select id={label} name={label}>
              {Object.entries(words.visibilities).map(([value, said]) => (
                <option value={value} selected={value === (tastes.labels.get(label) ?? usual)}>
                  {said}
                </option>
              ))}
            </select>
          </div>
        ))}
        <div class="buttons start">
          <button class="first" name="do" value="filters">
            {words.save}
          </button>
        </div>
      </Wish>
    </section>
  );
};

const Words: FC<{ scene: Scene; preferences: Preferences }> = ({ scene, preferences }) => {
  const { words } = scene.speech;
  return (
    <section class="aim">
      <h2>{words.mutedWords}</h2>
      <ul class="roll">
        {mutedWords(preferences).map((item) => (
          <li class="row">
            <bdi class="words">{textOf(item["value"])}</bdi>
            <Wish scene={scene}>
              <input type="hidden" name="value" value={textOf(item["value"])} />
              <button class="quiet" name="do" value="unmute">
                {words.removeWord}
              </button>
            </Wish>
          </li>
        ))}
      </ul>
      <Wish scene={scene}>
        <div class="field">
          <label for="value">{words.wordToMute}</label>
          <input type="text" id="value" name="value" maxlength={100} dir="auto" required />
        </div>
        <label class="check">
          <input type="checkbox" name="tags" value="1" /> {words.tagsOnly}
        </label>
        <label class="check">
          <input type="checkbox" name="followed" value="1" /> {words.exceptFollowed}
        </label>
        <div class="buttons start">
          <button class="first" name="do" value="mute">
            {words.muteWord}
          </button>
        </div>
      </Wish>
    </section>
  );
};

async function feeds({ beside, scene, end }: MemberVisit, preferences: Preferences): Promise<Child> {
  const { words } = scene.speech;
  const items = savedFeeds(preferences).filter((item) => item["type"] === "feed");
  const uris = items.map(({ value }) => value).filter(isFeedUri);
  end();
  const { feeds: found } =
    uris.length === 0 ? { feeds: [] } : await beside.getFeedGenerators({ feeds: uris });
  return (
    <section class="aim">
      <h2>{words.savedFeeds}</h2>
      {items.length === 0 ? <p>{words.noSavedFeeds}</p> : null}
      <ul class="roll">
        {items.map((item) => {
          const feed = found.find(({ uri }) => uri === item["value"]);
          const uri = String(item["value"]);
          return (
            <li class="row">
              <a class="said words" dir="auto" href={isFeedUri(uri) ? feedPath(uri, feed?.creator) : "/"}>
                {feed?.displayName ?? words.untoldFeed}
              </a>
              <FeedWish scene={scene} uri={uri} isPinned={at(item, "pinned") === true} isListed />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

interface FeedWishProps {
  scene: Scene;
  uri: string;
  isPinned: boolean;
  /** Whether it stands in the list of those that are saved. */
  isListed?: boolean;
  back?: string;
}

/** The buttons with which a feed is pinned, moved and let go. */
export const FeedWish: FC<FeedWishProps> = ({ scene, uri, isPinned, isListed = false, back = "" }) => {
  const { words } = scene.speech;
  return (
    <Wish scene={scene} class="buttons">
      <input type="hidden" name="value" value={uri} />
      <input type="hidden" name="back" value={back} />
      <button class={isPinned ? "quiet" : "first"} name="do" value={isPinned ? "unpin" : "pin"}>
        {isPinned ? words.unpinFeed : words.pinFeed}
      </button>
      {isListed ? (
        <>
          <button class="quiet" name="do" value="raise">
            {words.raiseFeed}
          </button>
          <button class="quiet" name="do" value="drop">
            {words.removeWord}
          </button>
        </>
      ) : null}
    </Wish>
  );
};
