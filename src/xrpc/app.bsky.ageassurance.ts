/** app.bsky.ageassurance.*: age checks that clients make before they let a person in. */
import { AppBskyAgeassuranceGetConfig, AppBskyAgeassuranceGetState } from "@atcute/bluesky";
import { getConfig, getState } from "../appview/reads/methods/actor/age-assurance.ts";
import { viewer, viewerOrAnyone } from "./server/policies.ts";
import { method } from "./server/method.ts";
import { appview } from "./server/appview.ts";

export const appBskyAgeassurance = [
  method(AppBskyAgeassuranceGetConfig, viewerOrAnyone, () => getConfig()),
  appview(AppBskyAgeassuranceGetState, viewer, getState),
];
