/**
 * Tells frames that concern nobody here by looking at them, without decoding: most of what a host sends is not
 * for us, and an event must not cost more than its bytes. In canonical order everything but `blocks` is short,
 * and `blocks` is searched for the DIDs of members. What is told here is the host's word: whatever may concern
 * somebody is decoded and checked afterwards.
 */
import { Buffer } from "node:buffer";
import { Look } from "./look.ts";

export type Relation = "tracked" | "met";

/** Whom and what this host listens for. */
export interface Interests {
  /**
   * `tracked`: everything of the account is wanted; `met`: some record of it is held here, so that its deletion
   * must be heard; null: neither.
   */
  relation(did: string): Relation | null;
  /** Whether somebody lives here. */
  isMember: (did: string) => boolean;
  /** Whether members may have DIDs other than did:plc, which has one length. */
  hasOtherMethods: boolean;
  /** The collections in which a record may concern a member. */
  collections: ReadonlySet<string>;
}

/**
 * `seq` null: the frame has none, or it cannot be read. `did`: whose event it is. `wanted` null: passed over
 * unread; a relation: of such an account; `meeting`: it may concern a member; `odd`: not an event, or none that
 * could be looked at, which is read to know.
 */
export interface Glance {
  seq: number | null;
  did: string | null;
  wanted: Relation | "meeting" | "odd" | null;
}

const ODD: Glance = { seq: null, did: null, wanted: "odd" };

const EVENTS: ReadonlySet<string> = new Set(["#commit", "#sync", "#account", "#identity"]);

export function glance(frame: Uint8Array, interests: Interests): Glance {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  const look = new Look(bytes);
  const type = look.type();
  const seen = type === null ? null : look.body();
  if (type === null || seen === null) return ODD;
  const { seq, did, blocks, collections } = seen;
  if (!EVENTS.has(type)) return { seq, did, wanted: "odd" };
  if (seq === null || did === null) return ODD;
  const relation = interests.relation(did);
  if (relation !== null) return { seq, did, wanted: relation };
  const isMeeting =
    type === "#commit" &&
    blocks !== null &&
    collections.some((collection) => interests.collections.has(collection)) &&
    namesMember(bytes.subarray(blocks.from, blocks.to), did, interests);
  return { seq, did, wanted: isMeeting ? "meeting" : null };
}

// ------------------------------------------------------------------------------------------------ DIDs

/** `did:plc:` and 24 characters. */
const PLC_LENGTH = 32;
const LONGEST_DID = 300;
/** Mentions of DIDs looked at in one frame; one with more is decoded to know. */
const MOST_MENTIONS = 2_000;

/** Whether bytes name a member. Each commit names its author, who is not looked up. */
export function namesMember(block: Uint8Array, author: string, interests: Interests): boolean {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  let mentions = 0;
  for (let at = bytes.indexOf("did:", 0, "latin1"); at >= 0; at = bytes.indexOf("did:", at + 4, "latin1")) {
    if (++mentions > MOST_MENTIONS) return true;
    const found = bytes.toString("latin1", at, at + PLC_LENGTH);
    if (found.startsWith("did:plc:")) {
      if (found !== author && interests.isMember(found)) return true;
    } else if (
      interests.hasOtherMethods &&
      beginsWithMember(bytes.toString("latin1", at, at + LONGEST_DID), interests)
    ) {
      return true;
    }
  }
  return false;
}

/**
 * Whether a text begins with a member's DID. Where a DID of another method ends cannot be seen: the next item's
 * head may look like a letter.
 */
function beginsWithMember(text: string, { isMember }: Interests): boolean {
  const run = /^did:[a-z]+:[\w.:%-]+/.exec(text)?.[0] ?? "";
  for (let end = 8; end <= run.length; end++) if (isMember(run.slice(0, end))) return true;
  return false;
}
