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
  searchStarterPacks,
  searchStarterPacksV2,
} from "../appview/reads/methods/graph/starter-packs.ts";
import { getSuggestedFollowsByActor } from "../appview/reads/methods/graph/suggested-follows.ts";
import { viewer, viewerOrAnyone } from "./server/policies.ts";
import { method } from "./server/method.ts";
import { memberViewContextFor, viewContextFor } from "./server/view-context.ts";

export const appBskyGraph = [
  method(AppBskyGraphGetFollows, viewerOrAnyone, (call) => getFollows(viewContextFor(call), call.params)),
  method(AppBskyGraphGetFollowers, viewerOrAnyone, (call) => getFollowers(viewContextFor(call), call.params)),
  method(AppBskyGraphGetKnownFollowers, viewer, (call) =>
    getKnownFollowers(memberViewContextFor(call), call.params),
  ),
  method(AppBskyGraphGetSuggestedFollowsByActor, viewerOrAnyone, (call) =>
    getSuggestedFollowsByActor(viewContextFor(call), call.params),
  ),
  // The answer does not depend on the viewer, but an app needs the member's permission for it, as for all
  // AppView methods.
  method(AppBskyGraphGetRelationships, viewerOrAnyone, (call) =>
    getRelationships(viewContextFor({ ...call, caller: null }), call.params),
  ),

  method(AppBskyGraphGetBlocks, viewer, (call) => getBlocks(memberViewContextFor(call), call.params)),
  method(AppBskyGraphGetMutes, viewer, (call) => getMutes(memberViewContextFor(call), call.params)),
  method(AppBskyGraphMuteActor, viewer, (call) => muteActor(memberViewContextFor(call), call.input)),
  method(AppBskyGraphUnmuteActor, viewer, (call) => unmuteActor(memberViewContextFor(call), call.input)),
  method(AppBskyGraphMuteActorList, viewer, (call) => muteActorList(memberViewContextFor(call), call.input)),
  method(AppBskyGraphUnmuteActorList, viewer, (call) =>
    unmuteActorList(memberViewContextFor(call), call.input),
  ),
  method(AppBskyGraphMuteThread, viewer, (call) => muteThread(memberViewContextFor(call), call.input)),
  method(AppBskyGraphUnmuteThread, viewer, (call) => unmuteThread(memberViewContextFor(call), call.input)),

  method(AppBskyGraphGetList, viewerOrAnyone, (call) => getList(viewContextFor(call), call.params)),
  method(AppBskyGraphGetLists, viewerOrAnyone, (call) => getLists(viewContextFor(call), call.params)),
  method(AppBskyGraphGetListsWithMembership, viewer, (call) =>
    getListsWithMembership(memberViewContextFor(call), call.params),
  ),
  method(AppBskyGraphGetListMutes, viewer, (call) => getListMutes(memberViewContextFor(call), call.params)),
  method(AppBskyGraphGetListBlocks, viewer, (call) => getListBlocks(memberViewContextFor(call), call.params)),

  method(AppBskyGraphGetStarterPack, viewerOrAnyone, (call) =>
    getStarterPack(viewContextFor(call), call.params),
  ),
  method(AppBskyGraphGetStarterPacks, viewerOrAnyone, (call) =>
    getStarterPacks(viewContextFor(call), call.params),
  ),
  method(AppBskyGraphGetActorStarterPacks, viewerOrAnyone, (call) =>
    getActorStarterPacks(viewContextFor(call), call.params),
  ),
  method(AppBskyGraphGetStarterPacksWithMembership, viewer, (call) =>
    getStarterPacksWithMembership(memberViewContextFor(call), call.params),
  ),
  method(AppBskyGraphSearchStarterPacks, viewerOrAnyone, (call) =>
    searchStarterPacks(viewContextFor(call), call.params),
  ),
  method(AppBskyGraphSearchStarterPacksV2, viewerOrAnyone, (call) =>
    searchStarterPacksV2(viewContextFor(call), call.params),
  ),
];
