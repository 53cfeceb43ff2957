/** app.bsky.draft.*: a member's unfinished posts. */
import {
  AppBskyDraftCreateDraft,
  AppBskyDraftDeleteDraft,
  AppBskyDraftGetDrafts,
  AppBskyDraftUpdateDraft,
} from "@atcute/bluesky";
import { createDraft, deleteDraft, getDrafts, updateDraft } from "../appview/reads/methods/private/drafts.ts";
import { viewer } from "./server/policies.ts";
import { method } from "./server/method.ts";
import { memberViewContextFor } from "./server/view-context.ts";

export const appBskyDraft = [
  method(AppBskyDraftCreateDraft, viewer, (call) => createDraft(memberViewContextFor(call), call.input)),
  method(AppBskyDraftUpdateDraft, viewer, (call) => updateDraft(memberViewContextFor(call), call.input)),
  method(AppBskyDraftDeleteDraft, viewer, (call) => deleteDraft(memberViewContextFor(call), call.input)),
  method(AppBskyDraftGetDrafts, viewer, (call) => getDrafts(memberViewContextFor(call), call.params)),
];
