/** The record lexicons that writes are checked against: the twenty that the reference knows. */
import * as LexiconSchema from "@atcute/atproto/types/lexicon/schema";
import * as Profile from "@atcute/bluesky/types/app/actor/profile";
import * as Status from "@atcute/bluesky/types/app/actor/status";
import * as Generator from "@atcute/bluesky/types/app/feed/generator";
import * as Like from "@atcute/bluesky/types/app/feed/like";
import * as Post from "@atcute/bluesky/types/app/feed/post";
import * as Postgate from "@atcute/bluesky/types/app/feed/postgate";
import * as Repost from "@atcute/bluesky/types/app/feed/repost";
import * as Threadgate from "@atcute/bluesky/types/app/feed/threadgate";
import * as Block from "@atcute/bluesky/types/app/graph/block";
import * as Follow from "@atcute/bluesky/types/app/graph/follow";
import * as List from "@atcute/bluesky/types/app/graph/list";
import * as Listblock from "@atcute/bluesky/types/app/graph/listblock";
import * as Listitem from "@atcute/bluesky/types/app/graph/listitem";
import * as Starterpack from "@atcute/bluesky/types/app/graph/starterpack";
import * as Verification from "@atcute/bluesky/types/app/graph/verification";
import * as Labeler from "@atcute/bluesky/types/app/labeler/service";
import * as NotificationDeclaration from "@atcute/bluesky/types/app/notification/declaration";
import * as ChatDeclaration from "@atcute/bluesky/types/chat/actor/declaration";
import type { BaseSchema } from "@atcute/lexicons/validations";
import * as v from "@atcute/lexicons/validations";

export interface RecordSchema {
  key: BaseSchema;
  object: BaseSchema;
}

/** com.germnetwork.declaration: in the reference's set, but in none of our packages. */
const germDeclaration = v.record(
  v.literal("self"),
  v.object({
    $type: v.literal("com.germnetwork.declaration"),
    version: v.constrain(v.string(), [v.stringLength(5, 14)]),
    currentKey: v.bytes(),
    messageMe: v.optional(
      v.object({
        $type: v.optional(v.literal("com.germnetwork.declaration#messageMe")),
        messageMeUrl: v.constrain(v.genericUriString(), [v.stringLength(1, 2047)]),
        showButtonTo: v.constrain(v.string(), [v.stringLength(1, 100)]),
      }),
    ),
    keyPackage: v.optional(v.bytes()),
    continuityProofs: v.optional(v.constrain(v.array(v.bytes()), [v.arrayLength(0, 1000)])),
  }),
);

export const knownRecords: ReadonlyMap<string, RecordSchema> = new Map<string, RecordSchema>([
  ["app.bsky.actor.profile", Profile.mainSchema],
  ["app.bsky.actor.status", Status.mainSchema],
  ["app.bsky.feed.generator", Generator.mainSchema],
  ["app.bsky.feed.like", Like.mainSchema],
  ["app.bsky.feed.post", Post.mainSchema],
  ["app.bsky.feed.postgate", Postgate.mainSchema],
  ["app.bsky.feed.repost", Repost.mainSchema],
  ["app.bsky.feed.threadgate", Threadgate.mainSchema],
  ["app.bsky.graph.block", Block.mainSchema],
  ["app.bsky.graph.follow", Follow.mainSchema],
  ["app.bsky.graph.list", List.mainSchema],
  ["app.bsky.graph.listblock", Listblock.mainSchema],
  ["app.bsky.graph.listitem", Listitem.mainSchema],
  ["app.bsky.graph.starterpack", Starterpack.mainSchema],
  ["app.bsky.graph.verification", Verification.mainSchema],
  ["app.bsky.labeler.service", Labeler.mainSchema],
  ["app.bsky.notification.declaration", NotificationDeclaration.mainSchema],
  ["chat.bsky.actor.declaration", ChatDeclaration.mainSchema],
  ["com.atproto.lexicon.schema", LexiconSchema.mainSchema],
  ["com.germnetwork.declaration", germDeclaration],
]);
