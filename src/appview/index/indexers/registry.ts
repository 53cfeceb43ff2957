/**
 * All indexed collections, in the order in which a batch puts them: records that others' rules consult come
 * first.
 */
import { mainSchema as generatorSchema } from "@atcute/bluesky/types/app/feed/generator";
import { mainSchema as listSchema } from "@atcute/bluesky/types/app/graph/list";
import { mainSchema as packSchema } from "@atcute/bluesky/types/app/graph/starterpack";
import { GENERATOR, LIST, STARTER_PACK } from "../../uris.ts";
import { block } from "./block.ts";
import { follow } from "./follow.ts";
import { postgate, threadgate } from "./gate.ts";
import type { Indexer } from "./indexer.ts";
import { like } from "./like.ts";
import { listBlock } from "./list-block.ts";
import { listItem } from "./list-item.ts";
import { post } from "./post.ts";
import { profile } from "./profile.ts";
import { keptRecord } from "./record.ts";
import { repost } from "./repost.ts";
import { chatDeclaration, germDeclaration, labeler, notificationDeclaration, status } from "./self.ts";
import { verification } from "./verification.ts";

export const indexers: readonly Indexer[] = [
  profile,
  status,
  chatDeclaration,
  notificationDeclaration,
  germDeclaration,
  labeler,
  keptRecord(LIST, listSchema),
  keptRecord(GENERATOR, generatorSchema),
  keptRecord(STARTER_PACK, packSchema),
  threadgate,
  postgate,
  verification,
  listItem,
  listBlock,
  block,
  follow,
  post,
  repost,
  like,
];

const byCollection = new Map(indexers.map((indexer) => [indexer.collection, indexer]));

/** The indexer of a collection; undefined if this AppView does not index it. */
export const indexerOf = (collection: string): Indexer | undefined => byCollection.get(collection);
