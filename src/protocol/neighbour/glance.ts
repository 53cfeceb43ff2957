/**
 * Tells frames that concern nobody here by looking at them, without decoding: most of what a host sends is not
 * for us, and an event must not cost more than its bytes. In canonical order everything but `blocks` is short,
 * and `blocks` is searched for the DIDs of members. What is told here is the host's word: whatever may concern
 * somebody is decoded and checked afterwards.
 */
import { Buffer } from "node:buffer";

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

// ------------------------------------------------------------------------------------------------ CBOR

interface Seen {
  seq: number | null;
  did: string | null;
  /** Of a commit's operations. */
  collections: string[];
  blocks: { from: number; to: number } | null;
}

const UINT = 0;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;
const SIMPLE = 7;

/** Fields of a body, and operations, beyond which a frame is decoded to know. */
const MOST_ITEMS = 256;
const DEEPEST = 8;

/** Walks over canonical CBOR. Every method returns null, or false, when the bytes are not what it looks for. */
class Look {
  readonly #bytes: Buffer;
  #at = 0;
  #major = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Reads a head: its argument. Null at the end, and for a length that is left open. */
  #head(): number | null {
    const head = this.#bytes[this.#at++];
    if (head === undefined) return null;
    this.#major = head >> 5;
    const info = head & 31;
    if (info < 24) return info;
    if (info > 27) return null;
    const end = this.#at + (1 << (info - 24));
    let value = 0;
    for (; this.#at < end; this.#at++) value = value * 256 + (this.#bytes[this.#at] ?? 0);
    return end > this.#bytes.length ? null : value;
  }

  #count(major: number): number | null {
    const count = this.#head();
    return count === null || this.#major !== major || count > MOST_ITEMS ? null : count;
  }

  #text(): string | null {
    const length = this.#head();
    if (length === null || this.#major !== TEXT || length > this.#bytes.length - this.#at) return null;
    const from = this.#at;
    this.#at += length;
    return this.#bytes.toString("latin1", from, this.#at);
  }

  /** Passes one item. */
  #skip(depth = 0): boolean {
    const argument = this.#head();
    const major = this.#major;
    if (argument === null || depth > DEEPEST) return false;
    if (major === UINT || major === 1 || major === SIMPLE) return true;
    if (major === TAG) return this.#skip(depth + 1);
    if (major < ARRAY) {
      this.#at += argument;
      return this.#at <= this.#bytes.length;
    }
    if (argument > MOST_ITEMS) return false;
    for (let left = major === MAP ? 2 * argument : argument; left > 0; left--)
      if (!this.#skip(depth + 1)) return false;
    return true;
  }

  /** The type that the header tells; null for any other header. */
  type(): string | null {
    const fields = this.#count(MAP);
    let type: string | null = null;
    for (let i = 0; i < (fields ?? 0); i++) {
      const key = this.#text();
      if (key === null) return null;
      if (key === "t") type = this.#text();
      else if (!this.#skip()) return null;
    }
    return type;
  }

  body(): Seen | null {
    const fields = this.#count(MAP);
    if (fields === null) return null;
    const seen: Seen = { seq: null, did: null, collections: [], blocks: null };
    for (let i = 0; i < fields; i++) {
      const key = this.#text();
      if (key === null || !this.#field(seen, key)) return null;
    }
    return this.#at === this.#bytes.length ? seen : null;
  }

  #field(seen: Seen, key: string): boolean {
    if (key === "seq") {
      seen.seq = this.#head();
      return seen.seq !== null && this.#major === UINT;
    }
    if (key === "repo" || key === "did") {
      seen.did = this.#text();
      return seen.did !== null;
    }
    if (key === "ops") return this.#ops(seen.collections);
    const from = this.#at;
    if (!this.#skip()) return false;
    if (key === "blocks") seen.blocks = { from, to: this.#at };
    return true;
  }

  #ops(collections: string[]): boolean {
    const count = this.#count(ARRAY);
    for (let i = 0; i < (count ?? 0); i++) if (!this.#op(collections)) return false;
    return count !== null;
  }

  #op(collections: string[]): boolean {
    const fields = this.#count(MAP);
    for (let i = 0; i < (fields ?? 0); i++) {
      const key = this.#text();
      const path = key === "path" ? this.#text() : null;
      if (key === null || (key === "path" ? path === null : !this.#skip())) return false;
      const collection = path?.slice(0, path.indexOf("/")) ?? "";
      if (path !== null && !collections.includes(collection)) collections.push(collection);
    }
    return fields !== null;
  }
}
