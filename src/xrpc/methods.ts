/**
 * Every method that this host serves, by NSID, with one table per NSID group. `coverage.test.ts` compares
 * this list with the lexicons.
 */
import type { Method } from "./server/method.ts";
import { comAtprotoRepo } from "./com.atproto.repo.ts";
import { comAtprotoSync } from "./com.atproto.sync.ts";
import { comAtprotoServer } from "./com.atproto.server.ts";
import { comAtprotoIdentity } from "./com.atproto.identity.ts";
import { comAtprotoAdmin } from "./com.atproto.admin.ts";
import { comAtprotoLabel } from "./com.atproto.label.ts";
import { comAtprotoModeration } from "./com.atproto.moderation.ts";
import { comAtprotoTemp } from "./com.atproto.temp.ts";
import { internalAtollAdmin } from "./internal.atoll.admin.ts";
import { internalAtollUpkeep } from "./internal.atoll.admin.upkeep.ts";
import { internalAtollBackup } from "./internal.atoll.backup.ts";
import { internalAtollDoctor } from "./internal.atoll.doctor.ts";
import { internalAtollJoining } from "./internal.atoll.joining.ts";
import { appBskyActor } from "./app.bsky.actor.ts";
import { appBskyFeed } from "./app.bsky.feed.ts";
import { appBskyGraph } from "./app.bsky.graph.ts";
import { appBskyNotification } from "./app.bsky.notification.ts";
import { appBskyAgeassurance } from "./app.bsky.ageassurance.ts";
import { appBskyBookmark } from "./app.bsky.bookmark.ts";
import { appBskyDraft } from "./app.bsky.draft.ts";
import { appBskyEmbed } from "./app.bsky.embed.ts";
import { appBskyLabeler } from "./app.bsky.labeler.ts";
import { appBskyUnspecced } from "./app.bsky.unspecced.ts";

export const methods: ReadonlyMap<string, Method> = new Map(
  [
    comAtprotoRepo,
    comAtprotoSync,
    comAtprotoServer,
    comAtprotoIdentity,
    comAtprotoAdmin,
    comAtprotoLabel,
    comAtprotoModeration,
    comAtprotoTemp,
    internalAtollAdmin,
    internalAtollUpkeep,
    internalAtollBackup,
    internalAtollDoctor,
    internalAtollJoining,
    appBskyActor,
    appBskyFeed,
    appBskyGraph,
    appBskyNotification,
    appBskyAgeassurance,
    appBskyBookmark,
    appBskyDraft,
    appBskyEmbed,
    appBskyLabeler,
    appBskyUnspecced,
  ]
    .flat()
    .map((method) => [method.nsid, method]),
);
