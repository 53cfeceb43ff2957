/**
 * A community, written down: who is there, who follows whom, who said what. The same words make the demo, a test's
 * network, and what `npx atoll dev-network --seed file.json` reads. Names are short (`alice`); handles follow from the host.
 */

export interface Seed {
  accounts?: SeedAccount[];
  /** Who follows whom: `{ alice: ["bob"] }`. */
  follows?: Record<string, string[]>;
  posts?: SeedPost[];
  /** Any other records, of any lexicon. */
  records?: SeedRecord[];
}

export interface SeedAccount {
  /** The handle's first label: 3 to 18 letters, digits or dashes. */
  name: string;
  displayName?: string;
  description?: string;
  /** A picture drawn from the name. */
  avatar?: boolean;
  /** Default: `<name>-password`. */
  password?: string;
  /** In a test's network of several hosts: where the account lives. Default: the first one. */
  host?: string;
}

export interface SeedPost {
  /** By which later posts refer to this one. */
  id?: string;
  by: string;
  /** `@name`, `#tag` and links become facets. At most 300 characters. */
  text: string;
  /** When it was written, counted back from the moment of planting. Default: just before, in order. */
  minutesAgo?: number;
  /** The `id` of an earlier post. */
  replyTo?: string;
  /** The `id` of an earlier post. */
  quote?: string;
  /** At most four, each drawn from its text. */
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

/** What is wrong with a seed, and where: shown as it is. */
export class SeedError extends Error {
  override name = "SeedError";
}
