/**
 * What the oauth station needs from the rest of the host. It knows no other station: the edge supplies this
 * from the directory, the account objects and lifecycle.
 */
import type { Did, Handle } from "@atcute/lexicons";

export interface Member {
  did: Did;
  handle: Handle;
  email: string | null;
  emailConfirmed: boolean;
  /** Whether the member deactivated the account. */
  deactivated: boolean;
  /** Whether the moderators took the account down; the member cannot sign in. */
  takenDown: boolean;
}

/** A member's public profile. Fields are null if the member gave none; `picture` is a path on this host. */
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

/** Each method refuses as the XRPC method of the same effect does. */
export interface Members {
  /** Finds a member by DID, handle or e-mail address. */
  find(identifier: string): Promise<Member | null>;
  /** Members in no particular order; omits unknown ones. */
  findAll(dids: readonly string[]): Promise<Member[]>;
  profile(did: Did): Promise<MemberProfile>;
  /**
   * Authenticates a member by the account's own password; an app password does not count. Refuses
   * AuthenticationRequired (401), AccountTakedown (401), RateLimitExceeded (429).
   */
  signIn(identifier: string, password: string): Promise<Member>;
  signUp(newcomer: NewMember): Promise<Member>;
  /** Null for an invalid code. `from` is the member who gave it, or null if the host did. */
  invitation(code: string): Promise<{ from: Member | null } | null>;

  requestPasswordReset(email: string): Promise<void>;
  resetPassword(code: string, password: string): Promise<void>;
  setPassword(did: Did, password: string): Promise<void>;
  updateHandle(did: Did, handle: string): Promise<void>;
  /** @returns whether the change must be confirmed by a code mailed to the current address. */
  requestEmailUpdate(did: Did): Promise<boolean>;
  updateEmail(did: Did, email: string, code: string | undefined): Promise<void>;
  requestEmailConfirmation(did: Did): Promise<void>;
  confirmEmail(did: Did, code: string): Promise<void>;

  listAppPasswords(did: Did): Promise<AppPasswordView[]>;
  /** Returns the password, which is shown only this once. */
  createAppPassword(did: Did, name: string, privileged: boolean): Promise<string>;
  revokeAppPassword(did: Did, name: string): Promise<void>;
  /** Ends every session opened by the password or an app password. */
  revokeSessions(did: Did): Promise<void>;

  /** The whole repo as a CAR. */
  exportRepo(did: Did): Promise<ReadableStream<Uint8Array>>;
  deactivate(did: Did): Promise<void>;
  activate(did: Did): Promise<void>;
  requestDeletion(did: Did): Promise<void>;
  /** Deletes the account. `code` is the one that `requestDeletion` mailed. */
  remove(did: Did, code: string): Promise<void>;
}

/** The host's address, and what the pages say about it. */
export interface OAuthHost {
  /** No trailing slash. */
  origin: string;
  hostname: string;
  did: Did;
  local: boolean;
  /** Each with its leading dot. */
  handleDomains: readonly string[];
  registration: "invite" | "closed" | "open";
  /** The community's name for itself. */
  name: string;
  /** `#rrggbb`; any other value means Atoll's own colour. */
  colour: string;
}

/** Everything that the oauth station needs for one request. */
export interface OAuthContext {
  host: OAuthHost;
  database: D1Database;
  /** The host's own secret, from which this station derives its keys. */
  secret: string;
  members: Members;
  /** Fetches documents that strangers published. Refuses addresses that nobody outside can reach. */
  safeFetch: typeof globalThis.fetch;
  /** Resolves a DID to its document. Refuses if there is none. */
  resolveDid(did: string): Promise<object>;
  /** The client's address. */
  address: string;
  /** Runs work that may outlive the response. */
  defer(work: Promise<unknown>): void;
}
