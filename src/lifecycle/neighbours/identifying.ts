/**
 * Tells who an account of another host is, by its DID document alone: no event is believed about that. Requests are
 * bounded: of one account a few times in ten minutes, and of all so many times in a round.
 */
import type { Did } from "@atcute/lexicons";
import { pdsEndpoint, verificationKey, claimedHandle } from "../../identity/did-document.ts";
import type { DidResolver } from "../../identity/did.ts";
import { publicUrl } from "../../identity/outbound.ts";
import { type Counts, type Limit, consume } from "../../protocol/object/limits.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { Neighbour } from "./store.ts";

const MINUTE = 60_000;
/** How often a document is read because of what a host sent. */
const READS: Limit = { windowMs: 10 * MINUTE, points: 5 };
/** Accounts that were not known before, of which one host may have so many looked up. */
const NEWCOMERS: Limit = { windowMs: 60 * MINUTE, points: 200 };
/** The accounts and hosts that are counted at once. */
const COUNTED_MOST = 5_000;
/** How long a DID that leads nowhere is not asked for again. */
const LOST_MS = 10 * MINUTE;

/** Which hosts may be asked. */
export interface AskingRules {
  /** This host's origin. */
  own: string;
  local: boolean;
  isBlocked: (hostname: string) => boolean;
}

export interface Identified {
  who: Neighbour;
  origin: string;
  /** The handle that the document claims. */
  claimed: string | null;
}

export interface Asked {
  /** The account as it was known before. */
  known: Neighbour | null;
  /** The host that made us ask; null: a member did, by following the account. */
  by: string | null;
  now: number;
}

export class Identifier {
  readonly #dids: DidResolver;
  readonly #rules: AskingRules;
  readonly #lost = new Map<string, number>();
  readonly #reads = new Map<string, Counts>();
  /** Documents that may yet be read in this round. */
  #left = 0;

  constructor(dids: DidResolver, rules: AskingRules) {
    this.#dids = dids;
    this.#rules = rules;
  }

  beginRound(documents: number): void {
    this.#left = documents;
  }

  /** Null: nobody who may be heard, or it cannot be asked now. */
  async identify(did: Did, { known, by, now }: Asked): Promise<Identified | null> {
    if ((this.#lost.get(did) ?? 0) > now || this.#left === 0) return null;
    if (known === null && by !== null && !this.#admits(NEWCOMERS, by, now)) return null;
    if (!this.#admits(READS, did, now)) return null;
    this.#left--;
    const document = await this.#dids.find(did, { fresh: known !== null });
    const endpoint = document && pdsEndpoint(document);
    const key = document && verificationKey(document, "atproto");
    const url = endpoint ? this.#askable(endpoint) : null;
    if (!document || !key || url === null) {
      bounded(this.#lost, did, now + LOST_MS);
      return null;
    }
    const hasMoved = known !== null && known.host !== url.host;
    return {
      origin: url.origin,
      claimed: claimedHandle(document),
      who: {
        did,
        host: url.host,
        key,
        relation: known?.relation ?? "met",
        held: known?.held ?? null,
        due: hasMoved && known.relation === "tracked" ? now : (known?.due ?? null),
        failures: known?.failures ?? 0,
        checked: now,
      },
    };
  }

  /** Counts one use. False if there were too many: then it is not counted. */
  #admits(limit: Limit, name: string, now: number): boolean {
    const { counts, excess } = consume([limit], this.#reads.get(name) ?? [], 1, now);
    if (excess === null) bounded(this.#reads, name, counts);
    return excess === null;
  }

  /** Null: an address that may not be asked, or this host's own. */
  #askable(endpoint: string): URL | null {
    try {
      const { own, local, isBlocked } = this.#rules;
      const url = publicUrl(endpoint, local);
      return url.origin === own || isBlocked(url.hostname) ? null : url;
    } catch (thrown) {
      if (isRefusal(thrown)) return null;
      throw thrown;
    }
  }
}

/** Sets an entry; the oldest makes way. */
function bounded<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= COUNTED_MOST) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
