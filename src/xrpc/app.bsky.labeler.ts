/** app.bsky.labeler.*: labelers. */
import { AppBskyLabelerGetServices } from "@atcute/bluesky";
import { getServices } from "../appview/reads/methods/actor/get-services.ts";
import { viewerOrAnyone } from "./server/policies.ts";
import { method } from "./server/method.ts";
import { viewContextFor } from "./server/view-context.ts";

export const appBskyLabeler = [
  method(AppBskyLabelerGetServices, viewerOrAnyone, (call) => getServices(viewContextFor(call), call.params)),
];
