/** app.bsky.labeler.*: labelers. */
import { AppBskyLabelerGetServices } from "@atcute/bluesky";
import { getServices } from "../appview/reads/methods/actor/get-services.ts";
import { viewerOrAnyone } from "./auth.ts";
import { method } from "./method.ts";
import { readingFor } from "./reading.ts";

export const appBskyLabeler = [
  method(AppBskyLabelerGetServices, viewerOrAnyone, (call) => getServices(readingFor(call), call.params)),
];
