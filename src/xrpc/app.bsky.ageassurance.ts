/** app.bsky.ageassurance.*: what clients ask before they let somebody in. */
import { AppBskyAgeassuranceGetConfig, AppBskyAgeassuranceGetState } from "@atcute/bluesky";
import { getConfig, getState } from "../appview/reads/methods/actor/age-assurance.ts";
import { viewer, viewerOrAnyone } from "./auth.ts";
import { method } from "./method.ts";
import { ownReadingFor } from "./reading.ts";

export const appBskyAgeassurance = [
  method(AppBskyAgeassuranceGetConfig, viewerOrAnyone, () => getConfig()),
  method(AppBskyAgeassuranceGetState, viewer, (call) => getState(ownReadingFor(call))),
];
