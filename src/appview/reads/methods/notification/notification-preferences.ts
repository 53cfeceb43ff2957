/**
 * app.bsky.notification.getPreferences, putPreferencesV2, putPreferences. One row a member, JSON: `priority`, and those
 * of app.bsky.notification.defs#preferences that were ever set.
 */
import type { AppBskyNotificationDefs } from "@atcute/bluesky";
import { isoOf } from "../../../instants.ts";
import type { MemberViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";

type Preferences = AppBskyNotificationDefs.Preferences;
type Filterable = AppBskyNotificationDefs.FilterablePreference;
type Plain = AppBskyNotificationDefs.Preference;

/** Kinds that may be limited to whom the viewer follows, and kinds that are only on or off. */
const FILTERABLE = [
  "follow",
  "like",
  "likeViaRepost",
  "mention",
  "quote",
  "reply",
  "repost",
  "repostViaRepost",
] as const;
const PLAIN = ["starterpackJoined", "subscribedPost", "unverified", "verified"] as const;

type FilterableKind = (typeof FILTERABLE)[number];
type PlainKind = (typeof PLAIN)[number];

/** What is stored: whatever an earlier version stored may lack, or have besides. */
export type StoredPreferences = { priority?: boolean } & {
  [Kind in FilterableKind]?: Partial<Filterable>;
} & { [Kind in PlainKind]?: Partial<Plain> };

const filterable = (stored: Partial<Filterable> | undefined): Filterable => ({
  include: stored?.include === "follows" ? "follows" : "all",
  list: stored?.list ?? true,
  push: stored?.push ?? true,
});
const plain = (stored: Partial<Plain> | undefined): Plain => ({
  list: stored?.list ?? true,
  push: stored?.push ?? true,
});

/** Everything is on unless it was turned off. `chat` is a constant: chat services keep their own (lexicon, deprecated). */
const preferencesOf = (stored: StoredPreferences): Preferences => ({
  chat: { include: "all", push: true },
  follow: filterable(stored.follow),
  like: filterable(stored.like),
  likeViaRepost: filterable(stored.likeViaRepost),
  mention: filterable(stored.mention),
  quote: filterable(stored.quote),
  reply: filterable(stored.reply),
  repost: filterable(stored.repost),
  repostViaRepost: filterable(stored.repostViaRepost),
  starterpackJoined: plain(stored.starterpackJoined),
  subscribedPost: plain(stored.subscribedPost),
  unverified: plain(stored.unverified),
  verified: plain(stored.verified),
});

/** `starterpackJoined` to `starterpack-joined`: the reason that a kind of notification gives. */
const reasonOf = (kind: string): string => kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** What the list leaves out. */
export interface Unwanted {
  /** Reasons that the viewer does not want to see. */
  never: string[];
  /** Reasons that are wanted only of whom the viewer follows. */
  fromOthers: string[];
}

export function unwanted(stored: StoredPreferences): Unwanted {
  const preferences = preferencesOf(stored);
  const off = [...FILTERABLE, ...PLAIN].filter((kind) => !preferences[kind].list);
  const follows = FILTERABLE.filter((kind) => preferences[kind].include === "follows");
  return { never: off.map(reasonOf), fromOthers: follows.map(reasonOf) };
}

export const selectPreferences = ({ directory, viewer }: MemberViewContext): D1PreparedStatement =>
  directory.prepare("SELECT preferences FROM notification_pref WHERE did = ?1").bind(viewer);

export interface PreferencesRow {
  preferences: string;
}

export const storedPreferences = (row: PreferencesRow | undefined): StoredPreferences =>
  row === undefined ? {} : (JSON.parse(row.preferences) as StoredPreferences);

export async function getPreferences(reading: MemberViewContext): Promise<{ preferences: Preferences }> {
  const [row] = await rowsOf<PreferencesRow>(reading.directory, selectPreferences(reading));
  return { preferences: preferencesOf(storedPreferences(row)) };
}

/** Lays some over those stored; two calls at once both count, since the database does it. */
async function lay({ directory, viewer }: MemberViewContext, some: object): Promise<StoredPreferences> {
  const [row] = await rowsOf<PreferencesRow>(
    directory,
    directory
      .prepare(
        `INSERT INTO notification_pref (did, preferences) VALUES (?1, ?2)
          ON CONFLICT (did) DO UPDATE SET preferences = json_patch(preferences, excluded.preferences)
          RETURNING preferences`,
      )
      .bind(viewer, JSON.stringify(some)),
  );
  return storedPreferences(row);
}

/** Kinds that are not named stay as they are. */
export async function putPreferencesV2(
  reading: MemberViewContext,
  input: { [Kind in keyof Preferences]?: Preferences[Kind] | undefined },
): Promise<{ preferences: Preferences }> {
  const kept = [...FILTERABLE, ...PLAIN].flatMap((kind) => {
    const given = input[kind];
    return given === undefined ? [] : [[kind, given] as const];
  });
  return { preferences: preferencesOf(await lay(reading, Object.fromEntries(kept))) };
}

/**
 * The older one: only whether those count alone whom the viewer follows. Who has never looked at notifications has done
 * so by choosing, as in the reference.
 */
export async function putPreferences(
  reading: MemberViewContext,
  { priority }: { priority: boolean },
): Promise<void> {
  const { directory, viewer, now } = reading;
  await lay(reading, { priority });
  await directory
    .prepare("INSERT INTO notification_seen (did, seen_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
    .bind(viewer, isoOf(now))
    .run();
}
