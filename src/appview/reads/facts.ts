/**
 * Everything that views are made from: the results of hydration, keyed for lookup. Views only read facts;
 * they make no queries.
 */
import type { Did, ResourceUri } from "@atcute/lexicons";
import type { AppBskyFeedPost, AppBskyFeedPostgate, AppBskyFeedThreadgate } from "@atcute/bluesky";
import type { ComAtprotoLabelDefs } from "@atcute/atproto";
import type { ActorFacts, Stored } from "./actor-facts.ts";

interface ThreadgateFacts extends Stored<AppBskyFeedThreadgate.Main> {
  /** As of a post: with fewer hidden replies, if they are many. */
  brief: AppBskyFeedThreadgate.Main;
}

export interface PostFacts extends Stored<AppBskyFeedPost.Main> {
  /** The record as it is shown within other posts, of which one answer may have many: cut if it is large. */
  brief: AppBskyFeedPost.Main;
  author: Did;
  parent: ResourceUri | null;
  root: ResourceUri | null;
  embed: ResourceUri | null;
  quoted: ResourceUri | null;
  violatesGate: boolean;
  violatesEmbed: boolean;
  likes: number;
  reposts: number;
  replies: number;
  quotes: number;
  bookmarks: number;
}

/** Any other record: a list, a feed generator, a labeler, a starter pack. */
interface RecordFacts extends Stored<object> {
  did: Did;
  collection: string;
  likes: number;
  items: number;
}

interface RepostFacts {
  uri: ResourceUri;
  cid: string;
  actor: Did;
  subject: ResourceUri;
  sort: number;
}

/** The relation between the viewer and another account. */
export interface Relation {
  muted: boolean;
  mutedOnlyReposts: boolean;
  mutedOnlyQuoteposts: boolean;
  mutedByList: ResourceUri | null;
  blocking: ResourceUri | null;
  blockedBy: ResourceUri | null;
  blockingByList: ResourceUri | null;
  blockedByList: ResourceUri | null;
  following: ResourceUri | null;
  followedBy: ResourceUri | null;
  activitySubscription: { post: boolean; reply: boolean } | null;
}

export interface SubjectLabels {
  labels: ComAtprotoLabelDefs.Label[];
  takedown: boolean;
  needsReview: boolean;
  impersonation: boolean;
}

/** The viewer's relation to a list. */
interface ListRelation {
  muted: boolean;
  blocked: ResourceUri | null;
  member: boolean;
}

export interface Known {
  count: number;
  dids: Did[];
}

export interface Facts {
  viewer: Did | null;
  now: number;
  actors: Map<string, ActorFacts>;
  posts: Map<string, PostFacts>;
  records: Map<string, RecordFacts>;
  /** By the post's URI. A gate may outlive its post. */
  threadgates: Map<string, ThreadgateFacts>;
  postgates: Map<string, Stored<AppBskyFeedPostgate.Main>>;
  reposts: Map<string, RepostFacts>;
  /** By DID; the viewer's own entry relates to nobody. Empty without a viewer. */
  relations: Map<string, Relation>;
  listRelations: Map<string, ListRelation>;
  /** Keys `a b` of two accounts of which one blocks the other, in both orders. */
  blockedPairs: Set<string>;
  /** The viewer's likes and reposts, by subject. */
  viewerLikes: Map<string, ResourceUri>;
  viewerReposts: Map<string, ResourceUri>;
  /** Likes by the thread's author, by subject. */
  rootLikes: Map<string, ResourceUri>;
  bookmarked: Set<string>;
  /** The threads that the viewer mutes, by root, with the time of the mute in milliseconds. */
  mutedThreads: Map<string, number>;
  labels: Map<string, SubjectLabels>;
  /** Takedown refs by subject: a DID or a record URI. */
  takedowns: Map<string, string>;
  knownFollowers: Map<string, Known>;
  knownLikers: Map<string, Known>;
  /** Counts of an account's lists, feeds and starter packs, for detailed views. */
  associated: Map<string, { lists: number; feeds: number; packs: number }>;
  /** Accounts that joined through a starter pack: in all, and in the last week. */
  joined: Map<string, { all: number; week: number }>;
}

export const noFacts = (viewer: Did | null, now: number): Facts => ({
  viewer,
  now,
  actors: new Map(),
  posts: new Map(),
  records: new Map(),
  threadgates: new Map(),
  postgates: new Map(),
  reposts: new Map(),
  relations: new Map(),
  listRelations: new Map(),
  blockedPairs: new Set(),
  viewerLikes: new Map(),
  viewerReposts: new Map(),
  rootLikes: new Map(),
  bookmarked: new Set(),
  mutedThreads: new Map(),
  labels: new Map(),
  takedowns: new Map(),
  knownFollowers: new Map(),
  knownLikers: new Map(),
  associated: new Map(),
  joined: new Map(),
});

export const pairKey = (a: string, b: string): string => `${a} ${b}`;
