/** The parts of the host that the authorization server needs. */
import type { Did, Handle } from "@atcute/lexicons";
import type { RepoPlace } from "./permission-sets.ts";
import type { account } from "../../schema/directory.ts";

/** A member, as far as apps and sign-ins are concerned. */
export interface SignInMember extends Pick<
  typeof account.$inferSelect,
  "did" | "email" | "emailConfirmedAt" | "state" | "takedown"
> {
  handle: Handle;
}

/** The directory's lookups that the server uses. */
export interface MemberLookup {
  findByDid(did: string): Promise<SignInMember | null>;
  /** By DID; unknown DIDs are absent. */
  findAll(dids: readonly string[]): Promise<ReadonlyMap<string, SignInMember>>;
}

export interface OAuthHost {
  /** No trailing slash. */
  origin: string;
  did: Did;
  /** Each with its leading dot. */
  handleDomains: readonly string[];
}

/** Everything that the authorization server needs for one request. */
export interface OAuthContext {
  host: OAuthHost;
  registration: "invite" | "approval" | "closed" | "open";
  database: D1Database;
  /** The host's own secret, from which the server derives its keys. */
  secret: string;
  members: MemberLookup;
  /** Fetches documents that strangers published. Refuses addresses that nobody outside can reach. */
  safeFetch: typeof globalThis.fetch;
  /** Where a repo is. Refuses for a DID that cannot be resolved, or has none. */
  repoOf(did: Did): Promise<RepoPlace>;
}
