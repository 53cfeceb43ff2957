/** app.bsky.bookmark.*: posts that a member keeps for later. */
import {
  AppBskyBookmarkCreateBookmark,
  AppBskyBookmarkDeleteBookmark,
  AppBskyBookmarkGetBookmarks,
} from "@atcute/bluesky";
import { createBookmark, deleteBookmark, getBookmarks } from "../appview/reads/methods/private/bookmarks.ts";
import { viewer } from "./auth.ts";
import { method } from "./method.ts";
import { ownReadingFor } from "./reading.ts";

export const appBskyBookmark = [
  method(AppBskyBookmarkCreateBookmark, viewer, (call) => createBookmark(ownReadingFor(call), call.input)),
  method(AppBskyBookmarkDeleteBookmark, viewer, (call) => deleteBookmark(ownReadingFor(call), call.input)),
  method(AppBskyBookmarkGetBookmarks, viewer, (call) => getBookmarks(ownReadingFor(call), call.params)),
];
