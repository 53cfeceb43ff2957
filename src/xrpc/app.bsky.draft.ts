/** app.bsky.draft.*: a member's unfinished posts. */
import {
  AppBskyDraftCreateDraft,
  AppBskyDraftDeleteDraft,
  AppBskyDraftGetDrafts,
  AppBskyDraftUpdateDraft,
} from "@atcute/bluesky";
import { createDraft, deleteDraft, getDrafts, updateDraft } from "../appview/reads/methods/private/drafts.ts";
import { viewer } from "./server/policies.ts";
import { appview } from "./server/appview.ts";

export const appBskyDraft = [
  appview(AppBskyDraftCreateDraft, viewer, createDraft),
  appview(AppBskyDraftUpdateDraft, viewer, updateDraft),
  appview(AppBskyDraftDeleteDraft, viewer, deleteDraft),
  appview(AppBskyDraftGetDrafts, viewer, getDrafts),
];
