/** app.bsky.bookmark.*: posts that a member keeps for later. */
import {
  AppBskyBookmarkCreateBookmark,
  AppBskyBookmarkDeleteBookmark,
  AppBskyBookmarkGetBookmarks,
} from "@atcute/bluesky";
import { createBookmark, deleteBookmark, getBookmarks } from "../appview/reads/methods/private/bookmarks.ts";
import { viewer } from "./server/policies.ts";
import { appview } from "./server/appview.ts";

export const appBskyBookmark = [
  appview(AppBskyBookmarkCreateBookmark, viewer, createBookmark),
  appview(AppBskyBookmarkDeleteBookmark, viewer, deleteBookmark),
  appview(AppBskyBookmarkGetBookmarks, viewer, getBookmarks),
];
