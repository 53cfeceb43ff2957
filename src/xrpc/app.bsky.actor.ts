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
import { WITH_REV, appview } from "./server/appview.ts";
import { getPreferences, putPreferences } from "./accounts/preferences.ts";

export const appBskyActor = [
  appview(AppBskyActorGetProfile, viewerOrAnyone, getProfile, WITH_REV),
  appview(AppBskyActorGetProfiles, viewerOrAnyone, getProfiles, WITH_REV),
  appview(AppBskyActorGetSuggestions, viewerOrAnyone, getSuggestions),
  appview(AppBskyActorSearchActorsTypeahead, viewerOrAnyone, searchActorsTypeahead),
  appview(AppBskyActorSearchActors, viewerOrAnyone, searchActors),
  method(AppBskyActorGetPreferences, member, getPreferences),
  method(AppBskyActorPutPreferences, member, putPreferences),
];
