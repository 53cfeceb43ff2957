/**
 * Records with the key `self` that every view of their author shows. They are stored by URI like others, and
 * again on the actor's row (`selves`, by a short name), so that a profile costs one row to read.
 */
import { mainSchema as declarationSchema } from "@atcute/bluesky/types/app/notification/declaration";
import { mainSchema as labelerSchema } from "@atcute/bluesky/types/app/labeler/service";
import { mainSchema as statusSchema } from "@atcute/bluesky/types/app/actor/status";
import { mainSchema as chatSchema } from "@atcute/bluesky/types/chat/actor/declaration";
import type { BaseSchema } from "@atcute/lexicons/validations";
import * as v from "@atcute/lexicons/validations";
import { overRows } from "../statements.ts";
import { LABELER, STATUS } from "../../uris.ts";
import type { Indexer, Put } from "./indexer.ts";
import { keptRecord } from "./record.ts";

/** The short name is a constant, never input. */
const setter = (name: string) => `INSERT INTO actor (did, selves)
  SELECT value ->> 0, json_object('${name}', json(value ->> 1)) FROM json_each(?1) WHERE true
  ON CONFLICT (did) DO UPDATE SET
    selves = json_set(coalesce(selves, '{}'), '$.${name}', json_extract(excluded.selves, '$.${name}'))`;
const unsetter = (name: string) => `UPDATE actor SET selves = json_remove(selves, '$.${name}')
  WHERE selves IS NOT NULL AND did IN (SELECT value ->> 0 FROM json_each(?1) WHERE value ->> 1 IS NULL)`;

interface Self {
  limit?: number;
  /** The part that the actor's row has; default: the record, its CID and instants. */
  shown?: (put: Put) => object;
}

const whole = ({ record, cid, sort, indexed }: Put): object => ({ record, cid, sort, indexed });

function self(
  collection: string,
  name: string,
  schema: BaseSchema,
  { shown = whole, ...more }: Self,
): Indexer {
  const kept = keptRecord(collection, schema, { accepts: ({ rkey }) => rkey === "self", ...more });
  const set = setter(name);
  const unset = unsetter(name);
  return {
    ...kept,
    remove: (db, gone) => [
      ...kept.remove(db, gone),
      ...overRows(
        db,
        unset,
        gone.filter(({ rkey }) => rkey === "self").map(({ did, keep }) => [did, keep?.cid ?? null]),
      ),
    ],
    put: (db, puts) => [
      ...kept.put(db, puts),
      ...overRows(
        db,
        set,
        puts.map((put) => [put.did, JSON.stringify(shown(put))]),
      ),
    ],
  };
}

/** Its definitions of labels are many; only views of labelers show them. */
export const labeler = self(LABELER, "labeler", labelerSchema, {
  limit: 64_000,
  shown: ({ cid }) => ({ cid }),
});
/** Every view of its author shows it twice. */
export const status = self(STATUS, "status", statusSchema, { limit: 2_000 });
export const chatDeclaration = self("chat.bsky.actor.declaration", "chat", chatSchema, { limit: 1_000 });
export const notificationDeclaration = self(
  "app.bsky.notification.declaration",
  "notification",
  declarationSchema,
  { limit: 1_000 },
);

/**
 * com.germnetwork.declaration: the address for end-to-end encrypted messages to its owner. No package has
 * this lexicon.
 */
const germSchema = v.record(
  v.literal("self"),
  v.object({
    $type: v.literal("com.germnetwork.declaration"),
    version: v.constrain(v.string(), [v.stringLength(5, 14)]),
    currentKey: v.bytes(),
    keyPackage: v.optional(v.bytes()),
    continuityProofs: v.optional(v.constrain(v.array(v.bytes()), [v.arrayLength(0, 1000)])),
    messageMe: v.optional(
      v.object({
        messageMeUrl: v.constrain(v.genericUriString(), [v.stringLength(1, 2047)]),
        showButtonTo: v.constrain(v.string(), [v.stringLength(1, 100)]),
      }),
    ),
  }),
);
/** Its keys are for the app, which reads the record itself. */
export const germDeclaration = self("com.germnetwork.declaration", "germ", germSchema, {
  shown: ({ record, cid, sort, indexed }) => ({
    record: record.messageMe === undefined ? {} : { messageMe: record.messageMe },
    cid,
    sort,
    indexed,
  }),
});
