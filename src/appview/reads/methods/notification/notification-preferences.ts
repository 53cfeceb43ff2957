/**
 * app.bsky.notification.getPreferences, putPreferencesV2, putPreferences. One row per member, as JSON:
 * `priority`, and the members of app.bsky.notification.defs#preferences that were ever set.
 */
import type { AppBskyNotificationDefs } from "@atcute/bluesky";
import { isoOf } from "../../../instants.ts";
import { IS_MEMBER, notMember } from "../../queries/kept.ts";
import type { MemberViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";

type Preferences = AppBskyNotificationDefs.Preferences;
type Filterable = AppBskyNotificationDefs.FilterablePreference;
type Plain = AppBskyNotificationDefs.Preference;

/** Kinds that can be limited to accounts that the viewer follows, and kinds that are only on or off. */
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

/** The stored preferences. Rows from an earlier version may lack keys or have others. */
export type StoredPreferences = { priority?: boolean } & {
  [Kind in FilterableKind]?: Partial<Filterable>;
} & { [Kind in PlainKind]?: Partial<Plain> };

/** Values of `include` are open: one that is unknown here is kept and shown, and works as `all`. */
const filterable = (stored: Partial<Filterable> | undefined): Filterable => ({
  include: stored?.include ?? "all",
  list: stored?.list ?? true,
  push: stored?.push ?? true,
});
const plain = (stored: Partial<Plain> | undefined): Plain => ({
  list: stored?.list ?? true,
  push: stored?.push ?? true,
});

/**
 * Everything is on unless turned off. `chat` is constant: chat services keep their own (lexicon, deprecated).
 */
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

/** The notification reason of a kind: `starterpackJoined` becomes `starterpack-joined`. */
const reasonOf = (kind: string): string => kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The reasons that the list omits. */
export interface Unwanted {
  /** Reasons that the viewer does not want to see. */
  never: string[];
  /** Reasons that the viewer wants only from followed accounts. */
  fromOthers: string[];
}

export function unwanted(stored: StoredPreferences): Unwanted {
  const preferences = preferencesOf(stored);
  const off = [...FILTERABLE, ...PLAIN].filter((kind) => !preferences[kind].list);
  const follows = FILTERABLE.filter((kind) => preferences[kind].include === "follows");
  return { never: off.map(reasonOf), fromOthers: follows.map(reasonOf) };
}

const selectPreferences = ({ directory, viewer }: MemberViewContext): D1PreparedStatement =>
  directory.prepare("SELECT preferences FROM notification_pref WHERE did = ?1").bind(viewer);

interface PreferencesRow {
  preferences: string;
}

/** @param json as stored; null: nothing was ever set */
export const storedPreferences = (json: string | null): StoredPreferences =>
  json === null ? {} : JSON.parse(json);

export async function getPreferences(reading: MemberViewContext): Promise<{ preferences: Preferences }> {
  const [row] = await rowsOf<PreferencesRow>(reading.directory, selectPreferences(reading));
  return { preferences: preferencesOf(storedPreferences(row?.preferences ?? null)) };
}

/** Merges preferences into a member's stored ones. Refuses AccountNotFound (403). The database merges, so two concurrent calls both take effect. */
async function lay({ directory, viewer }: MemberViewContext, some: object): Promise<StoredPreferences> {
  const [row] = await rowsOf<PreferencesRow>(
    directory,
    directory
      .prepare(
        `INSERT INTO notification_pref (did, preferences) SELECT ?1, ?2 WHERE ${IS_MEMBER}
          ON CONFLICT (did) DO UPDATE SET preferences = json_patch(preferences, excluded.preferences)
          RETURNING preferences`,
      )
      .bind(viewer, JSON.stringify(some)),
  );
  if (row === undefined) throw notMember();
  return storedPreferences(row.preferences);
}

/** Kinds that are not named keep their values. */
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
 * The older method: sets only `priority`, whether to show only accounts that the viewer follows. As in the
 * reference, it also marks notifications as seen now for a viewer who has never seen them.
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
