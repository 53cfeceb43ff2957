/** app.bsky.labeler.*: labelers. */
import { AppBskyLabelerGetServices } from "@atcute/bluesky";
import { getServices } from "../appview/reads/methods/actor/get-services.ts";
import { viewerOrAnyone } from "./server/policies.ts";
import { OPEN, appview } from "./server/appview.ts";

export const appBskyLabeler = [appview(AppBskyLabelerGetServices, viewerOrAnyone, getServices, OPEN)];
