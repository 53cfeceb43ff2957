/** A member's own records that their AppView has not seen yet, as the splicing takes them. */
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
  /** Milliseconds: where an AppView will put it in a feed. */
  sort: number;
}

export interface Local {
  did: Did;
  handle: Handle;
  /** Names the author of posts; null where there is none. */
  profile: AppBskyActorProfile.Main | null;
  /** Whether the AppView has yet to see the profile. */
  profileIsNew: boolean;
  /** Oldest first. */
  posts: LocalPost[];
  /** Milliseconds: when the oldest of what it has yet to see was written. */
  oldest: number;
  /** Pictures as this host serves them: the AppView's own may not have them yet. */
  images: ImageUris;
}

interface Member {
  did: Did;
  handle: Handle;
  images: ImageUris;
}

/** `rev`: what the AppView has seen. Null where nothing is left: what its lexicon refuses, no AppView will ever show. */
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
