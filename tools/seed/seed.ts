/**
 * The description of a community: its accounts, follows and posts. The same format serves the demo, a test's
 * network, and `npx atoll-host dev-network --seed file.json`. Names are short (`alice`); handles depend on the
 * host.
 */

export interface Seed {
  accounts?: SeedAccount[];
  /** Follows by follower: `{ alice: ["bob"] }`. */
  follows?: Record<string, string[]>;
  posts?: SeedPost[];
  /** Any other records, of any lexicon. */
  records?: SeedRecord[];
}

export interface SeedAccount {
  /** The handle's first label: 3 to 18 lower-case letters, digits or dashes, with no dash at its ends. */
  name: string;
  displayName?: string;
  description?: string;
  /** Whether to draw a picture from the name. */
  avatar?: boolean;
  /** Default: `<name>-password`. */
  password?: string;
  /** The account's host, in a test's network of several hosts. Default: the first one. */
  host?: string;
}

export interface SeedPost {
  /** The id by which later posts refer to this one. */
  id?: string;
  by: string;
  /** `@name`, `#tag` and links become facets. At most 300 characters. */
  text: string;
  /** The post's age in minutes at the moment of planting. Default: seconds before it, in order. */
  minutesAgo?: number;
  /** The `id` of an earlier post. */
  replyTo?: string;
  /** The `id` of an earlier post. */
  quote?: string;
  /** At most four, each drawn from its alt text. */
  images?: { alt: string }[];
  likedBy?: string[];
  repostedBy?: string[];
}

export interface SeedRecord {
  by: string;
  collection: string;
  /** Default: a TID. */
  rkey?: string;
  record: Record<string, unknown>;
}

/** An error in a seed, with its place; shown as it is. */
export class SeedError extends Error {
  override name = "SeedError";
}
