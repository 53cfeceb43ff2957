/** app.bsky.graph.*: who follows whom. */
import { AppBskyGraphGetFollowers, AppBskyGraphGetFollows } from "@atcute/bluesky";
import { getFollowers, getFollows } from "../appview/methods/get-follows.ts";
import { viewerOrAnyone } from "./auth.ts";
import { method } from "./method.ts";
import { readingFor } from "./reading.ts";

export const appBskyGraph = [
  method(AppBskyGraphGetFollows, viewerOrAnyone, (call) => getFollows(readingFor(call), call.params)),
  method(AppBskyGraphGetFollowers, viewerOrAnyone, (call) => getFollowers(readingFor(call), call.params)),
];
