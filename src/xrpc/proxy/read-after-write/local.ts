/** The member's own records that their AppView has not seen yet, prepared for splicing. */
import { mainSchema as postSchema } from "@atcute/bluesky/types/app/feed/post";
import type { AppBskyActorProfile, AppBskyFeedPost } from "@atcute/bluesky";
import { mainSchema as profileSchema } from "@atcute/bluesky/types/app/actor/profile";
import type { Did, Handle, ResourceUri } from "@atcute/lexicons";
import { is } from "@atcute/lexicons/validations";
import type { ImageUris } from "../../../appview/images.ts";
import { sortInstant } from "../../../appview/instants.ts";
import type { RecentRecord, RecentRecords } from "../../../protocol/account-station.ts";

export interface LocalPost {
  uri: ResourceUri;
  cid: string;
  record: AppBskyFeedPost.Main;
  /** The time, in milliseconds, by which an AppView will sort it into a feed. */
  sort: number;
}

export interface Local {
  did: Did;
  handle: Handle;
  /** Names the author of posts; null if there is none. */
  profile: AppBskyActorProfile.Main | null;
  /** Whether the AppView has not seen the profile yet. */
  profileIsNew: boolean;
  /** Oldest first. */
  posts: LocalPost[];
  /** The time, in milliseconds, when the oldest unseen record was written. */
  oldest: number;
  /** Picture addresses at this host: the AppView may not have the pictures yet. */
  images: ImageUris;
}

interface Member {
  did: Did;
  handle: Handle;
  images: ImageUris;
}

/**
 * Selects the records after `rev`, the AppView's position. Null if none are left. Records that their lexicon
 * refuses are left out, since no AppView will ever show them.
 */
export function localOf(member: Member, { profile, posts }: RecentRecords, rev: string): Local | null {
  const known = profile !== null && isProfile(profile) ? profile : null;
  const profileIsNew = known !== null && known.rev > rev;
  const valid = posts.filter(isPost);
  const unseen = [...(profileIsNew ? [known] : []), ...valid];
  if (unseen.length === 0) return null;
  return {
    ...member,
    profile: known?.value ?? null,
    profileIsNew,
    posts: valid.map(localPost),
    oldest: Math.min(...unseen.map(({ indexedAt }) => Date.parse(indexedAt))),
  };
}

type Valid<Value> = RecentRecord & { value: Value };

const isProfile = (profile: RecentRecord): profile is Valid<AppBskyActorProfile.Main> =>
  is(profileSchema, profile.value);

const isPost = (post: RecentRecord): post is Valid<AppBskyFeedPost.Main> => is(postSchema, post.value);

const localPost = ({ uri, cid, value, indexedAt }: Valid<AppBskyFeedPost.Main>): LocalPost => ({
  uri,
  cid,
  record: value,
  sort: sortInstant(value.createdAt, Date.parse(indexedAt)),
});
