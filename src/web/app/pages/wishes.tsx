/** `/app/wishes`: what a member wants to see: filters, muted words and feeds, the same as in their other apps. */
import type { Child, FC } from "hono/jsx";
import { at, textOf } from "../../../protocol/json.ts";
import type { JsonObject } from "../../../protocol/account-station.ts";
import { invalidRequest, isRefusal } from "../../../protocol/refusal.ts";
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
  showOwnLabel,
  unmuteWord,
} from "../acts/wishes.ts";
import { feedPath } from "../addresses.ts";
import { appPage, goOn } from "../answers.tsx";
import { Shell } from "../frame/shell.tsx";
import { type Labeling, OF_MEDIA, type Visibility, visibilityOf } from "../judgement.ts";
import type { MemberVisit, Scene } from "../visit.ts";
import { filled } from "../words/speech.ts";

const NAMESPACE = "app.bsky";

const accountOf = ({ services, reader }: MemberVisit) => services.account(reader.member.did);

/** The change that each button makes. Refuses InvalidRequest. */
function changeOf(fields: Fields, labeling: Labeling): Change {
  const value = (fields.get("value") ?? "").slice(0, 2_000);
  switch (fields.get("do")) {
    case "filters":
      return (preferences) => filtered(showAdult(fields.has("adult"))(preferences), fields, labeling);
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

/** The name of the field of one of the community's own labels. */
const ownField = (label: string): string => `own:${label}`;

function filtered(before: JsonObject[], fields: Fields, { labels, sources }: Labeling): JsonObject[] {
  let preferences = before;
  for (const label of Object.keys(OF_MEDIA)) {
    const wish = visibilityOf(fields.get(label));
    if (wish !== null) preferences = showLabel(label, wish)(preferences);
  }
  for (const { value } of labels) {
    const wish = visibilityOf(fields.get(ownField(value)));
    if (wish !== null) preferences = showOwnLabel(value, wish, sources)(preferences);
  }
  return preferences;
}

/** How often a change is begun again, if another comes between. */
const TRIES = 5;

/** Changes what there is at that moment, so that of two changes at once neither is lost. */
async function changeWishes(visit: MemberVisit, change: Change, tries = TRIES): Promise<void> {
  const account = accountOf(visit);
  const before = await account.getPreferences(NAMESPACE, true);
  try {
    await account.putPreferences(NAMESPACE, change(before), true, before);
  } catch (thrown) {
    if (!isRefusal(thrown) || thrown.error !== "InvalidSwap" || tries === 1) throw thrown;
    await changeWishes(visit, change, tries - 1);
  }
}

export async function takeWish(visit: MemberVisit, fields: Fields): Promise<Response> {
  const change = changeOf(fields, visit.scene.tastes.labeling);
  await changeWishes(visit, change);
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
  const { host, speech, tastes } = scene;
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
          <Filter
            scene={scene}
            field={label}
            name={words.labelNames[label] ?? label}
            chosen={tastes.labels.get(label) ?? usual}
          />
        ))}
        {tastes.labeling.labels.length === 0 ? null : <h3>{filled(words.ownLabels, host.name)}</h3>}
        {tastes.labeling.labels.map(({ value, name, description }) => (
          <Filter
            scene={scene}
            field={ownField(value)}
            name={name}
            hint={description}
            chosen={tastes.ownLabels.get(value) ?? "warn"}
          />
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

interface FilterProps {
  scene: Scene;
  field: string;
  name: string;
  hint?: string;
  chosen: Visibility;
}

/** The choice of what to do with a label. */
const Filter: FC<FilterProps> = ({ scene, field, name, hint = "", chosen }) => (
  <div class="field filter">
    <label for={field}>{name}</label>
    {hint === "" ? null : (
      <p class="at" dir="auto">
        {hint}
      </p>
    )}
    <select id={field} name={field}>
      {Object.entries(scene.speech.words.visibilities).map(([value, said]) => (
        <option value={value} selected={value === chosen}>
          {said}
        </option>
      ))}
    </select>
  </div>
);

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
