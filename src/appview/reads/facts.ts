/** All that views are made from: what hydration found, keyed for lookup. Views read it and ask nothing. */
import type { Did, GenericUri, ResourceUri } from "@atcute/lexicons";
import type {
  AppBskyActorProfile,
  AppBskyActorStatus,
  AppBskyFeedPost,
  AppBskyFeedPostgate,
  AppBskyFeedThreadgate,
  AppBskyNotificationDeclaration,
  ChatBskyActorDeclaration,
} from "@atcute/bluesky";
import type { ComAtprotoLabelDefs } from "@atcute/atproto";

/** A record as it is stored and shown. Instants in milliseconds. */
interface Stored<Record> {
  uri: ResourceUri;
  cid: string;
  record: Record;
  sort: number;
  indexed: number;
}

interface VerificationFacts {
  issuer: Did;
  uri: ResourceUri;
  handle: string;
  displayName: string;
  issuerHandle: string | null;
  issuerName: string | null;
  createdAt: string;
}

/** com.germnetwork.declaration, as far as it is shown. */
interface GermDeclaration {
  messageMe?: { messageMeUrl: GenericUri; showButtonTo: string };
}

/** Records with key `self`, by their short names (indexers/self.ts). */
interface Selves {
  labeler?: { cid: string };
  status?: Omit<Stored<AppBskyActorStatus.Main>, "uri">;
  chat?: Omit<Stored<ChatBskyActorDeclaration.Main>, "uri">;
  notification?: Omit<Stored<AppBskyNotificationDeclaration.Main>, "uri">;
  germ?: Omit<Stored<GermDeclaration>, "uri">;
}

export interface ActorFacts {
  did: Did;
  handle: string | null;
  status: string | null;
  trustedVerifier: boolean;
  profile: AppBskyActorProfile.Main | null;
  profileCid: string | null;
  profileSort: number | null;
  selves: Selves;
  followers: number;
  follows: number;
  posts: number;
  verifications: VerificationFacts[];
}

export interface PostFacts extends Stored<AppBskyFeedPost.Main> {
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

/** How the viewer and another account stand to each other. */
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

/** How the viewer stands to a list. */
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
  /** By the post's URI; a gate may outlive its post. */
  threadgates: Map<string, Stored<AppBskyFeedThreadgate.Main>>;
  postgates: Map<string, Stored<AppBskyFeedPostgate.Main>>;
  reposts: Map<string, RepostFacts>;
  /** By DID; none for the viewer's own. Empty for nobody. */
  relations: Map<string, Relation>;
  listRelations: Map<string, ListRelation>;
  /** `a b` of two accounts of which one blocks the other, both orders. */
  blockedPairs: Set<string>;
  /** The viewer's likes and reposts, by subject. */
  viewerLikes: Map<string, ResourceUri>;
  viewerReposts: Map<string, ResourceUri>;
  /** Likes of the thread's author, by subject. */
  rootLikes: Map<string, ResourceUri>;
  bookmarked: Set<string>;
  /** Threads that the viewer mutes, by root: since when, in milliseconds. */
  mutedThreads: Map<string, number>;
  labels: Map<string, SubjectLabels>;
  /** Taken-down subjects: DIDs and record URIs. */
  takedowns: Map<string, string>;
  knownFollowers: Map<string, Known>;
  knownLikers: Map<string, Known>;
  /** Counts of an account's lists, feeds and starter packs, where a detailed view wants them. */
  associated: Map<string, { lists: number; feeds: number; packs: number }>;
  /** Joined through a starter pack: ever, and in the last week. */
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
