/** app.bsky.bookmark.*: posts that a member keeps for later. */
import {
  AppBskyBookmarkCreateBookmark,
  AppBskyBookmarkDeleteBookmark,
  AppBskyBookmarkGetBookmarks,
} from "@atcute/bluesky";
import { createBookmark, deleteBookmark, getBookmarks } from "../appview/reads/methods/private/bookmarks.ts";
import { viewer } from "./server/policies.ts";
import { method } from "./server/method.ts";
import { ownReadingFor } from "./server/view-context.ts";

export const appBskyBookmark = [
  method(AppBskyBookmarkCreateBookmark, viewer, (call) => createBookmark(ownReadingFor(call), call.input)),
  method(AppBskyBookmarkDeleteBookmark, viewer, (call) => deleteBookmark(ownReadingFor(call), call.input)),
  method(AppBskyBookmarkGetBookmarks, viewer, (call) => getBookmarks(ownReadingFor(call), call.params)),
];
