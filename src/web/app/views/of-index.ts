/** Views from the host's own AppView: its read side, in process. */
import type { Did } from "@atcute/lexicons";
import { getProfile } from "../../../appview/reads/methods/actor/get-profile.ts";
import { searchActors } from "../../../appview/reads/methods/actor/search-actors.ts";
import { getAuthorFeed } from "../../../appview/reads/methods/feed/get-author-feed.ts";
import { getActorFeeds, getFeedGenerators } from "../../../appview/reads/methods/feed/get-feed-generators.ts";
import { getListFeed } from "../../../appview/reads/methods/feed/get-list-feed.ts";
import {
  getPostThreadOtherV2,
  getPostThreadV2,
} from "../../../appview/reads/methods/feed/get-post-thread-v2.ts";
import { getPosts } from "../../../appview/reads/methods/feed/get-posts.ts";
import { getTimeline } from "../../../appview/reads/methods/feed/get-timeline.ts";
import { searchPosts } from "../../../appview/reads/methods/feed/search-posts.ts";
import { getFollowers, getFollows } from "../../../appview/reads/methods/graph/get-follows.ts";
import { getList, getLists, getListsWithMembership } from "../../../appview/reads/methods/graph/get-lists.ts";
import {
  muteActor,
  muteActorList,
  muteThread,
  unmuteActor,
  unmuteActorList,
  unmuteThread,
} from "../../../appview/reads/methods/graph/mutes.ts";
import { getActorStarterPacks, getStarterPack } from "../../../appview/reads/methods/graph/starter-packs.ts";
import {
  getUnreadCount,
  listNotifications,
  updateSeen,
} from "../../../appview/reads/methods/notification/notifications.ts";
import {
  createBookmark,
  deleteBookmark,
  getBookmarks,
} from "../../../appview/reads/methods/private/bookmarks.ts";
import { getFeed } from "../../../appview/reads/methods/feed/get-feed.ts";
import { handleOfHost } from "../../../appview/reads/host-labeler.ts";
import { didNamed } from "../../../appview/reads/queries/graph.ts";
import type { MemberViewContext, ViewContext } from "../../../appview/reads/view-context.ts";
import { askGenerator, hasRecord } from "../../../xrpc/elsewhere/feed-generators.ts";
import type { Services } from "../../../xrpc/server/services.ts";

/** The reads that guests may ask for as well. */
export const READS = {
  getProfile,
  getAuthorFeed,
  getPosts,
  getThread: getPostThreadV2,
  getOtherReplies: getPostThreadOtherV2,
  getFeedGenerators,
  getActorFeeds,
  getListFeed,
  getList,
  getLists,
  getStarterPack,
  getActorStarterPacks,
  getFollowers,
  getFollows,
  searchActors,
  searchPosts,
};

/** The reads that only a member may ask for. */
export const OWN = {
  getTimeline,
  getListsWithMembership,
  listNotifications,
  getUnreadCount,
  updateSeen,
  getBookmarks,
  createBookmark,
  deleteBookmark,
  muteActor,
  unmuteActor,
  muteThread,
  unmuteThread,
  muteActorList,
  unmuteActorList,
};

/** Functions of a view context and what is asked, with the context in place. */
export type Bound<Table> = {
  [Name in keyof Table]: Table[Name] extends (reading: never, asked: infer Asked) => infer Answer
    ? (asked: Asked) => Promise<Awaited<Answer>>
    : never;
};

export interface Views extends Bound<typeof READS> {
  /** The DID of an account by its handle or DID; null if there is none. */
  didOf(actor: string): Promise<Did | null>;
  /** Refuses with the generator's own error name. */
  getFeed(asked: Parameters<typeof getFeed>[1]): Promise<Awaited<ReturnType<typeof getFeed>>>;
}

export interface MemberViews extends Views, Bound<typeof OWN> {}

function bound<Reading, Table extends Record<string, (reading: Reading, asked: never) => unknown>>(
  table: Table,
  reading: Reading,
): Bound<Table> {
  const reads = Object.entries(table).map(([name, read]) => [
    name,
    async (asked: never) => read(reading, asked),
  ]);
  return Object.fromEntries(reads) as Bound<Table>;
}

export const hasViewer = (reading: ViewContext): reading is MemberViewContext => reading.viewer !== null;

/** `MemberViews` for a member. */
export function viewsOfIndex(services: Services, reading: ViewContext, request: Request): Views {
  const { viewer, db, host } = reading;
  const caller =
    viewer === null ? null : ({ kind: "session", did: viewer, scope: "com.atproto.access" } as const);
  return {
    ...bound(READS, reading),
    ...(hasViewer(reading) ? bound(OWN, reading) : {}),
    didOf: async (actor) => {
      if (actor === handleOfHost(host)) return host.did;
      const did = await didNamed(db, actor);
      if (did !== null || (await reading.elsewhere?.accounts([actor])) !== true) return did;
      return didNamed(db, actor);
    },
    getFeed: async (asked) => {
      const ask = askGenerator({ caller, services, request, headers: new Headers() });
      return getFeed(reading, asked, ask, hasRecord(services));
    },
  };
}
