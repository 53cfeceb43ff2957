/** For whom the neighbours are heard: who lives here, and whom they follow elsewhere. As of the index. */
import { indexers } from "../../appview/index/indexers/registry.ts";
import type { Interests, Relation } from "../../protocol/neighbour/glance.ts";

export interface Audience {
  members: ReadonlySet<string>;
  /** Accounts elsewhere that members follow. */
  followed: ReadonlySet<string>;
}

/** Everything of an account is wanted but what concerns two strangers: these, unless they name a member. */
const BETWEEN_TWO: ReadonlySet<string> = new Set([
  "app.bsky.feed.like",
  "app.bsky.graph.follow",
  "app.bsky.graph.block",
  "app.bsky.graph.listblock",
  "app.bsky.graph.verification",
]);

export const COLLECTIONS: ReadonlySet<string> = new Set(indexers.map(({ collection }) => collection));

/** Whether a tracked account's records of the collection are wanted, whomever they name. */
export const isOwn = (collection: string): boolean =>
  COLLECTIONS.has(collection) && !BETWEEN_TWO.has(collection);

/** Follows of outsiders are in the index only if they name a member, so that whoever has followers here is followed by one. */
const LOOK = `SELECT did, known IS NOT NULL AND home IS NULL AS member FROM actor
  WHERE followers > 0 OR (known IS NOT NULL AND home IS NULL)`;

/** @param most accounts elsewhere, by the budget of the plan */
export async function audienceOf(db: D1Database, most: number): Promise<Audience> {
  const { results } = await db.prepare(LOOK).all<{ did: string; member: number }>();
  const elsewhere = results.flatMap(({ did, member }) => (member === 1 ? [] : did));
  return {
    members: new Set(results.flatMap(({ did, member }) => (member === 1 ? did : []))),
    followed: new Set(elsewhere.slice(0, most)),
  };
}

export const interestsOf = (
  { members }: Audience,
  relation: (did: string) => Relation | null,
): Interests => ({
  relation,
  isMember: (did) => members.has(did),
  hasOtherMethods: [...members].some((did) => !did.startsWith("did:plc:")),
  collections: COLLECTIONS,
});
