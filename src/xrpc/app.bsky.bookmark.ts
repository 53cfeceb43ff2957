/** app.bsky.bookmark.*: posts that a member keeps for later. */
import {
  AppBskyBookmarkCreateBookmark,
  AppBskyBookmarkDeleteBookmark,
  AppBskyBookmarkGetBookmarks,
} from "@atcute/bluesky";
import { createBookmark, deleteBookmark, getBookmarks } from "../appview/reads/methods/private/bookmarks.ts";
import { viewer } from "./server/policies.ts";
import { method } from "./server/method.ts";
import { memberViewContextFor } from "./server/view-context.ts";

export const appBskyBookmark = [
  method(AppBskyBookmarkCreateBookmark, viewer, (call) =>
    createBookmark(memberViewContextFor(call), call.input),
  ),
  method(AppBskyBookmarkDeleteBookmark, viewer, (call) =>
    deleteBookmark(memberViewContextFor(call), call.input),
  ),
  method(AppBskyBookmarkGetBookmarks, viewer, (call) =>
    getBookmarks(memberViewContextFor(call), call.params),
  ),
];
