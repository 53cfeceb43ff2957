/**
 * What signing in needs of the rest of the host. The oauth station knows no other station: `edge/oauth.ts` supplies this
 * from the directory, the account objects and lifecycle.
 */
import type { Did, Handle } from "@atcute/lexicons";

export interface Member {
  did: Did;
  handle: Handle;
  email: string | null;
  emailConfirmed: boolean;
  /** By the member's own doing. */
  deactivated: boolean;
  /** By the moderators: such a member cannot sign in. */
  takenDown: boolean;
}

/** How a member shows themselves; null where they said nothing. `picture` is a path on this host. */
export interface MemberProfile {
  name: string | null;
  picture: string | null;
}

export interface NewMember {
  handle: string;
  email: string;
  password: string;
  inviteCode: string | undefined;
}

export interface AppPasswordView {
  name: string;
  createdAt: string;
  privileged: boolean;
}

/** Everything here refuses as the XRPC method of the same effect does. */
export interface Members {
  /** By DID, handle or e-mail address. */
  find(identifier: string): Promise<Member | null>;
  /** In no order; unknown ones are absent. */
  findAll(dids: readonly string[]): Promise<Member[]>;
  profile(did: Did): Promise<MemberProfile>;
  /**
   * Who this is, by the account's own password. Refuses AuthenticationRequired (401), AccountTakedown (401),
   * RateLimitExceeded (429). An app password is none.
   */
  signIn(identifier: string, password: string): Promise<Member>;
  signUp(newcomer: NewMember): Promise<Member>;
  /** Null for a code that lets nobody in. `from`: the member whose code it is; null for the host's own. */
  invitation(code: string): Promise<{ from: Member | null } | null>;

  requestPasswordReset(email: string): Promise<void>;
  resetPassword(code: string, password: string): Promise<void>;
  setPassword(did: Did, password: string): Promise<void>;
  updateHandle(did: Did, handle: string): Promise<void>;
  /** @returns whether the change must be confirmed by a code mailed to the address so far. */
  requestEmailUpdate(did: Did): Promise<boolean>;
  updateEmail(did: Did, email: string, code: string | undefined): Promise<void>;
  requestEmailConfirmation(did: Did): Promise<void>;
  confirmEmail(did: Did, code: string): Promise<void>;

  listAppPasswords(did: Did): Promise<AppPasswordView[]>;
  /** The password, shown this once. */
  createAppPassword(did: Did, name: string, privileged: boolean): Promise<string>;
  revokeAppPassword(did: Did, name: string): Promise<void>;
  /** Ends every session that a password or app password opened. */
  revokeSessions(did: Did): Promise<void>;

  /** The whole repo as a CAR. */
  exportRepo(did: Did): Promise<ReadableStream<Uint8Array>>;
  deactivate(did: Did): Promise<void>;
  activate(did: Did): Promise<void>;
  requestDeletion(did: Did): Promise<void>;
  /** By a code that `requestDeletion` mailed. */
  remove(did: Did, code: string): Promise<void>;
}

/** What the pages say of this host, and where it is. */
export interface OAuthHost {
  /** No trailing slash. */
  origin: string;
  hostname: string;
  did: Did;
  local: boolean;
  /** Each with its leading dot. */
  handleDomains: readonly string[];
  registration: "invite" | "closed" | "open";
  /** What the community calls itself. */
  name: string;
  /** `#rrggbb`; anything else: Atoll's own. */
  colour: string;
}

/** Everything that the oauth station works with, for one request. */
export interface OAuthContext {
  host: OAuthHost;
  database: D1Database;
  /** The host's own secret, from which this station derives its keys. */
  secret: string;
  members: Members;
  /** Fetches what strangers published; refuses what no one outside may reach. */
  safeFetch: typeof globalThis.fetch;
  /** The document behind a DID. Refuses where there is none. */
  resolveDid(did: string): Promise<object>;
  /** The address that the request came from. */
  address: string;
  /** Work that may outlive the response. */
  defer(work: Promise<unknown>): void;
}
