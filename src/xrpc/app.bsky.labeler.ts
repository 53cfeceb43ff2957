/** app.bsky.labeler.*: labelers. */
import { AppBskyLabelerGetServices } from "@atcute/bluesky";
import { getServices } from "../appview/reads/methods/actor/get-services.ts";
import { viewerOrAnyone } from "./server/policies.ts";
import { method } from "./server/method.ts";
import { readingFor } from "./server/view-context.ts";

export const appBskyLabeler = [
  method(AppBskyLabelerGetServices, viewerOrAnyone, (call) => getServices(readingFor(call), call.params)),
];
