/**
 * Changes of a member's preferences (app.bsky.actor.defs#preferences), in the forms that the official clients
 * write and read. Whatever a change is not about stays as it is.
 */
import { at, isJson, listOf, textOf } from "../../../protocol/json.ts";
import type { JsonObject } from "../../../protocol/account-station.ts";
import { tidFromMicros } from "../../../protocol/tid.ts";

export type Preferences = readonly JsonObject[];
export type Change = (preferences: Preferences) => JsonObject[];

const DEFS = "app.bsky.actor.defs#";

/** The most muted words, and saved feeds: a page has to hold them. */
export const WORDS_MOST = 500;
export const FEEDS_MOST = 200;

const isKind = (kind: string) => (preference: JsonObject) => preference["$type"] === `${DEFS}${kind}`;
const newId = (): string => tidFromMicros(Date.now() * 1000, Math.floor(Math.random() * 1024));

/** Puts one preference in the place of the first of its kind, and leaves the others of the kind out. */
function replaced(preferences: Preferences, kind: string, value: object): JsonObject[] {
  const others = preferences.filter((each) => !isKind(kind)(each));
  const before = preferences.find(isKind(kind)) ?? {};
  return [...others, { ...before, $type: `${DEFS}${kind}`, ...value }];
}

const itemsOf = (preferences: Preferences, kind: string): JsonObject[] =>
  listOf(preferences.find(isKind(kind))?.["items"]).filter(isJson);

export const showAdult =
  (enabled: boolean): Change =>
  (preferences) =>
    replaced(preferences, "adultContentPref", { enabled });

/** Older names of labels, which clients still write beside the new ones. */
const OLDER: Readonly<Record<string, string>> = {
  porn: "nsfw",
  sexual: "suggestive",
  "graphic-media": "gore",
};
const NEWER = new Map(Object.entries(OLDER).map(([newer, older]) => [older, newer]));

/** A label's name of today. */
export const labelNow = (label: string): string => NEWER.get(label) ?? label;

/** The wish for a label that any labeler gives. */
export const showLabel =
  (label: string, visibility: "ignore" | "warn" | "hide"): Change =>
  (preferences) => {
    const isOfLabel = (each: JsonObject) =>
      isKind("contentLabelPref")(each) &&
      each["labelerDid"] === undefined &&
      labelNow(textOf(each["label"]) ?? "") === label;
    const names = [label, OLDER[label]].filter((name) => name !== undefined);
    return [
      ...preferences.filter((each) => !isOfLabel(each)),
      ...names.map((name) => ({ $type: `${DEFS}contentLabelPref`, label: name, visibility })),
    ];
  };

/** The wish for a label that one labeler has made for itself; older names of that labeler give way. */
export const showOwnLabel =
  (label: string, visibility: "ignore" | "warn" | "hide", [did = "", ...former]: readonly string[]): Change =>
  (preferences) => [
    ...preferences.filter(
      (each) =>
        !isKind("contentLabelPref")(each) ||
        each["label"] !== label ||
        ![did, ...former].includes(textOf(each["labelerDid"]) ?? ""),
    ),
    { $type: `${DEFS}contentLabelPref`, labelerDid: did, label, visibility },
  ];

export interface Word {
  value: string;
  inTags: boolean;
  exceptFollowed: boolean;
}

/** As clients clean a word before they keep it: no `#` before it, and nothing that nobody sees. */
export const cleanWord = (word: string): string =>
  word
    .trim()
    .replace(/^#(?!\ufe0f)/, "")
    .replaceAll(/\r|\n|\u00ad|\u2060|\u200d|\u200c|\u200b/g, "")
    .trim();

export const muteWord =
  ({ value, inTags, exceptFollowed }: Word): Change =>
  (preferences) => {
    const items = itemsOf(preferences, "mutedWordsPref").filter((item) => item["value"] !== value);
    const item = {
      id: newId(),
      value,
      targets: inTags ? ["tag"] : ["content", "tag"],
      actorTarget: exceptFollowed ? "exclude-following" : "all",
    };
    return replaced(preferences, "mutedWordsPref", { items: [...items, item].slice(-WORDS_MOST) });
  };

export const unmuteWord =
  (value: string): Change =>
  (preferences) =>
    replaced(preferences, "mutedWordsPref", {
      items: itemsOf(preferences, "mutedWordsPref").filter((item) => item["value"] !== value),
    });

export const mutedWords = (preferences: Preferences): JsonObject[] => itemsOf(preferences, "mutedWordsPref");

/** Saved feeds, in their order. Who has none kept in the newer form has those of the older, and the timeline. */
export function savedFeeds(preferences: Preferences): JsonObject[] {
  if (preferences.some(isKind("savedFeedsPrefV2"))) return itemsOf(preferences, "savedFeedsPrefV2");
  const older = preferences.find(isKind("savedFeedsPref"));
  const pinned = listOf(at(older, "pinned"));
  const feeds = [...new Set([...pinned, ...listOf(at(older, "saved"))])];
  return [
    { id: newId(), type: "timeline", value: "following", pinned: true },
    ...feeds.flatMap((value) => {
      const type = /\/app\.bsky\.feed\.generator\//.test(String(value)) ? "feed" : "list";
      return typeof value === "string" && value.startsWith("at://")
        ? [{ id: newId(), type, value, pinned: pinned.includes(value) }]
        : [];
    }),
  ];
}

const withFeeds = (preferences: Preferences, items: JsonObject[]): JsonObject[] =>
  replaced(preferences, "savedFeedsPrefV2", { items: items.slice(0, FEEDS_MOST) });

/** Saves a feed, pinned or not; the order of the others stays. */
export const saveFeed =
  (value: string, pinned: boolean): Change =>
  (preferences) => {
    const items = savedFeeds(preferences);
    const isSaved = items.some((item) => item["value"] === value);
    const changed = items.map((item) => (item["value"] === value ? { ...item, pinned } : item));
    return withFeeds(
      preferences,
      isSaved ? changed : [...items, { id: newId(), type: "feed", value, pinned }],
    );
  };

export const dropFeed =
  (value: string): Change =>
  (preferences) =>
    withFeeds(
      preferences,
      savedFeeds(preferences).filter((item) => item["value"] !== value),
    );

/** Moves a feed one place up. */
export const raiseFeed =
  (value: string): Change =>
  (preferences) => {
    const items = savedFeeds(preferences);
    const from = items.findIndex((item) => item["value"] === value);
    const raised = items[from];
    if (raised === undefined || from === 0) return [...preferences];
    return withFeeds(preferences, items.toSpliced(from, 1).toSpliced(from - 1, 0, raised));
  };
