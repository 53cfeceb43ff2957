/** app.bsky.actor.*: profiles, and a member's own preferences. */
import {
  AppBskyActorGetPreferences,
  AppBskyActorGetProfile,
  AppBskyActorGetProfiles,
  AppBskyActorGetSuggestions,
  AppBskyActorPutPreferences,
  AppBskyActorSearchActors,
  AppBskyActorSearchActorsTypeahead,
} from "@atcute/bluesky";
import { getProfile, getProfiles } from "../appview/reads/methods/actor/get-profile.ts";
import { searchActors, searchActorsTypeahead } from "../appview/reads/methods/actor/search-actors.ts";
import { getSuggestions } from "../appview/reads/methods/graph/suggested-follows.ts";
import { member, viewerOrAnyone } from "./server/policies.ts";
import { method } from "./server/method.ts";
import { getPreferences, putPreferences } from "./accounts/preferences.ts";
import { viewContextFor, withRev } from "./server/view-context.ts";

export const appBskyActor = [
  method(AppBskyActorGetProfile, viewerOrAnyone, (call) =>
    getProfile(withRev(viewContextFor(call), call), call.params),
  ),
  method(AppBskyActorGetProfiles, viewerOrAnyone, (call) =>
    getProfiles(withRev(viewContextFor(call), call), call.params),
  ),
  method(AppBskyActorGetSuggestions, viewerOrAnyone, (call) =>
    getSuggestions(viewContextFor(call), call.params),
  ),
  method(AppBskyActorSearchActorsTypeahead, viewerOrAnyone, (call) =>
    searchActorsTypeahead(viewContextFor(call), call.params),
  ),
  method(AppBskyActorSearchActors, viewerOrAnyone, (call) => searchActors(viewContextFor(call), call.params)),
  method(AppBskyActorGetPreferences, member, getPreferences),
  method(AppBskyActorPutPreferences, member, putPreferences),
];
