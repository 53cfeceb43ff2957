/** app.bsky.graph.*: follows, blocks and mutes; lists and starter packs. */
import {
  AppBskyGraphGetActorStarterPacks,
  AppBskyGraphGetBlocks,
  AppBskyGraphGetFollowers,
  AppBskyGraphGetFollows,
  AppBskyGraphGetKnownFollowers,
  AppBskyGraphGetList,
  AppBskyGraphGetListBlocks,
  AppBskyGraphGetListMutes,
  AppBskyGraphGetLists,
  AppBskyGraphGetListsWithMembership,
  AppBskyGraphGetMutes,
  AppBskyGraphGetRelationships,
  AppBskyGraphGetStarterPack,
  AppBskyGraphGetStarterPacks,
  AppBskyGraphGetStarterPacksWithMembership,
  AppBskyGraphGetSuggestedFollowsByActor,
  AppBskyGraphMuteActor,
  AppBskyGraphMuteActorList,
  AppBskyGraphMuteThread,
  AppBskyGraphSearchStarterPacks,
  AppBskyGraphSearchStarterPacksV2,
  AppBskyGraphUnmuteActor,
  AppBskyGraphUnmuteActorList,
  AppBskyGraphUnmuteThread,
} from "@atcute/bluesky";
import { getBlocks } from "../appview/reads/methods/graph/get-blocks.ts";
import { getFollowers, getFollows } from "../appview/reads/methods/graph/get-follows.ts";
import { getKnownFollowers } from "../appview/reads/methods/graph/get-known-followers.ts";
import {
  getList,
  getListBlocks,
  getListMutes,
  getLists,
  getListsWithMembership,
} from "../appview/reads/methods/graph/get-lists.ts";
import { getRelationships } from "../appview/reads/methods/graph/get-relationships.ts";
import {
  getMutes,
  muteActor,
  muteActorList,
  muteThread,
  unmuteActor,
  unmuteActorList,
  unmuteThread,
} from "../appview/reads/methods/graph/mutes.ts";
import {
  getActorStarterPacks,
  getStarterPack,
  getStarterPacks,
  getStarterPacksWithMembership,
} from "../appview/reads/methods/graph/starter-packs.ts";
import {
  searchStarterPacks,
  searchStarterPacksV2,
} from "../appview/reads/methods/graph/search-starter-packs.ts";
import { getSuggestedFollowsByActor } from "../appview/reads/methods/graph/suggested-follows.ts";
import { viewer, viewerOrAnyone } from "./server/policies.ts";
import { IMPERSONAL, appview } from "./server/appview.ts";

export const appBskyGraph = [
  appview(AppBskyGraphGetFollows, viewerOrAnyone, getFollows),
  appview(AppBskyGraphGetFollowers, viewerOrAnyone, getFollowers),
  appview(AppBskyGraphGetKnownFollowers, viewer, getKnownFollowers),
  appview(AppBskyGraphGetSuggestedFollowsByActor, viewerOrAnyone, getSuggestedFollowsByActor),
  // The answer does not depend on the viewer, but an app needs the member's permission for it, as for all
  // AppView methods.
  appview(AppBskyGraphGetRelationships, viewerOrAnyone, getRelationships, IMPERSONAL),

  appview(AppBskyGraphGetBlocks, viewer, getBlocks),
  appview(AppBskyGraphGetMutes, viewer, getMutes),
  appview(AppBskyGraphMuteActor, viewer, muteActor),
  appview(AppBskyGraphUnmuteActor, viewer, unmuteActor),
  appview(AppBskyGraphMuteActorList, viewer, muteActorList),
  appview(AppBskyGraphUnmuteActorList, viewer, unmuteActorList),
  appview(AppBskyGraphMuteThread, viewer, muteThread),
  appview(AppBskyGraphUnmuteThread, viewer, unmuteThread),

  appview(AppBskyGraphGetList, viewerOrAnyone, getList),
  appview(AppBskyGraphGetLists, viewerOrAnyone, getLists),
  appview(AppBskyGraphGetListsWithMembership, viewer, getListsWithMembership),
  appview(AppBskyGraphGetListMutes, viewer, getListMutes),
  appview(AppBskyGraphGetListBlocks, viewer, getListBlocks),

  appview(AppBskyGraphGetStarterPack, viewerOrAnyone, getStarterPack),
  appview(AppBskyGraphGetStarterPacks, viewerOrAnyone, getStarterPacks),
  appview(AppBskyGraphGetActorStarterPacks, viewerOrAnyone, getActorStarterPacks),
  appview(AppBskyGraphGetStarterPacksWithMembership, viewer, getStarterPacksWithMembership),
  appview(AppBskyGraphSearchStarterPacks, viewerOrAnyone, searchStarterPacks),
  appview(AppBskyGraphSearchStarterPacksV2, viewerOrAnyone, searchStarterPacksV2),
];
