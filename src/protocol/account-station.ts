/**
 * The account object as the rest of the host sees it: one Durable Object a DID, found by `env.ACCOUNT.getByName(did)`.
 * It stores nothing before `create`; until then every method refuses (RepoNotFound for reads, AccountNotFound for
 * writes and sessions). Everything that crosses here is plain data; CIDs are strings, instants ISO 8601.
 */
import type { Handle, Nsid, ResourceUri } from "@atcute/lexicons";
import type { AccountStatus } from "./events.ts";
import type { BackfillSource } from "./stations.ts";

/** Rows touched in the account's own SQLite, reported in local runs only (header `atoll-cost`). */
export interface Cost {
  rowsRead: number;
  rowsWritten: number;
}

/**
 * For whom a read is: `public` sees active repos only (else RepoTakendown, RepoDeactivated), `owner` (the account
 * itself, or the admin) sees them in any state.
 */
export type Access = "public" | "owner";

export type JsonObject = Record<string, unknown>;

// ---------------------------------------------------------------------------------------------- writes

export interface CreateInput {
  collection: string;
  rkey?: string | undefined;
  /** JSON form of the data model. */
  record: JsonObject;
  /** True: the lexicon must be known. False: no lexicon check. Absent: checked when known. */
  validate?: boolean | undefined;
  swapCommit?: string | undefined;
}
export interface PutInput extends CreateInput {
  rkey: string;
  /** The CID that the record must have now; null: it must not exist. */
  swapRecord?: string | null | undefined;
}
export interface DeleteInput {
  collection: string;
  rkey: string;
  swapCommit?: string | undefined;
  swapRecord?: string | null | undefined;
}
export type BatchWrite =
  | { action: "create"; collection: string; rkey?: string | undefined; value: JsonObject }
  | { action: "update"; collection: string; rkey: string; value: JsonObject }
  | { action: "delete"; collection: string; rkey: string };
export interface BatchInput {
  writes: BatchWrite[];
  validate?: boolean | undefined;
  swapCommit?: string | undefined;
}

export interface CommitRef {
  cid: string;
  rev: string;
}
export type ValidationStatus = "valid" | "unknown";
export interface WrittenRecord {
  uri: ResourceUri;
  cid: string;
  validationStatus?: ValidationStatus;
}
export interface WriteOutcome extends WrittenRecord {
  /** Absent when nothing changed (a put of what is there already). */
  commit?: CommitRef;
  cost?: Cost;
}
export interface DeleteOutcome {
  /** Absent when there was nothing to delete. */
  commit?: CommitRef;
  cost?: Cost;
}
export interface BatchOutcome {
  commit: CommitRef;
  /** In the order of the writes; null for a delete. */
  results: (WrittenRecord | null)[];
  cost?: Cost;
}

// ---------------------------------------------------------------------------------------------- reads

export interface RecordView {
  uri: ResourceUri;
  cid: string;
  value: JsonObject;
}
export interface RepoStatus {
  active: boolean;
  status?: Exclude<AccountStatus, "active">;
  rev?: string;
}
/** What com.atproto.server.checkAccountStatus counts. */
export interface RepoCounts {
  commit: CommitRef;
  repoBlocks: number;
  indexedRecords: number;
  expectedBlobs: number;
  importedBlobs: number;
}
/** A record with the rev of the commit that last wrote it, and that commit's time. */
export interface RecentRecord extends RecordView {
  rev: string;
  indexedAt: string;
}
/** What read-after-write adds to the answers of an AppView that has not seen it yet. */
export interface RecentRecords {
  /** The profile as it stands, whatever its age, since it names the posts' author; null where there is none. */
  profile: RecentRecord | null;
  /** Oldest first, at most 10. */
  posts: RecentRecord[];
}
export interface BlobLocation {
  /** R2 key. */
  key: string;
  mimeType: string;
  size: number;
}
export interface BlobUpload extends BlobLocation {
  cid: string;
}

// ---------------------------------------------------------------------------------------------- sessions

/** How someone proved to be the account: by its password (null) or by an app password. */
export type AppPasswordProof = { name: string; privileged: boolean } | null;

export interface AppPassword {
  name: string;
  createdAt: string;
  privileged: boolean;
}
export interface RefreshGrant {
  /** The token's id (`jti`). */
  id: string;
  expiresAt: string;
  appPassword: AppPasswordProof;
}
export type EmailTokenPurpose =
  | "confirm_email"
  | "update_email"
  | "reset_password"
  | "delete_account"
  | "plc_operation";

// ---------------------------------------------------------------------------------------------- lifecycle

export interface CreateAccount {
  /** Null: the account has no password (it signs in by other means). */
  password: string | null;
  /** Secret K-256 key, 32 bytes (a key that reserveSigningKey promised); generated when absent. */
  signingKey?: Uint8Array;
  /** Stored in the same transaction as the account itself, so that a crash right after leaves nothing unowned. */
  saga?: Saga;
}
export interface CreatedAccount {
  /** did:key of the repo's signing key. */
  signingKey: string;
  commit: CommitRef;
}
/** What `activate` announces: all of a new account, or the return of one (PROTOCOL section 3, lifecycle order). */
export type Activation = "new" | "returning";

/**
 * A half-done operation that spans stations, as the account remembers it. `step` and `data` are lifecycle's own; while
 * one is set, the account's alarm calls `LifecycleStation.resume` until lifecycle clears it.
 */
export interface Saga {
  step: string;
  data: JsonObject;
}

export interface AccountStation extends BackfillSource {
  // Writes. All refuse AccountNotFound (403), AccountTakedown, AccountDeactivated (401), RateLimitExceeded (429),
  // InvalidSwap, InvalidRequest, BlobNotFound, InvalidMimeType, InvalidSize (400).
  /** Also refuses RecordAlreadyExists (409). */
  createRecord(input: CreateInput): Promise<WriteOutcome>;
  putRecord(input: PutInput): Promise<WriteOutcome>;
  deleteRecord(input: DeleteInput): Promise<DeleteOutcome>;
  applyWrites(input: BatchInput): Promise<BatchOutcome>;
  /**
   * Replaces the repo by the CAR's, re-signed with this account's key at a higher rev. Announces nothing, but for #sync
   * where the account is active. The CAR's commit has to name this DID; its signature is not asked for. Refuses
   * InvalidRequest, InvalidSwap.
   */
  importRepo(car: ReadableStream<Uint8Array>): Promise<{ cost?: Cost }>;

  // Reads of the repo.
  /** Collections in order. Refuses RepoNotFound, RepoTakendown, RepoDeactivated. */
  listCollections(access: Access): Promise<Nsid[]>;
  /** Null when there is no such record (or none with that CID), or it is taken down. Refuses `Could not find repo`. */
  getRecord(collection: string, rkey: string, cid?: string): Promise<RecordView | null>;
  /**
   * Newest rkey first unless `reverse`; `cursor` is an rkey, exclusive. Returns the reply's body as JSON text
   * (com.atproto.repo.listRecords#output). Refuses `Could not find repo`.
   */
  listRecords(
    collection: string,
    page: { limit: number; cursor?: string | undefined; reverse?: boolean | undefined },
  ): Promise<string>;
  /**
   * The posts of commits after `rev`, and the profile. Null where neither is newer; where no record is as old as `rev`,
   * which is then from before this repo came here (a migration); and where too much is newer to be looked through.
   */
  recordsSince(rev: string): Promise<RecentRecords | null>;
  getLatestCommit(access: Access): Promise<CommitRef>;
  getRepoStatus(): Promise<RepoStatus>;
  /** The repo as a CAR; with `since`, only what commits after that rev wrote. */
  getRepo(access: Access, since?: string): Promise<ReadableStream<Uint8Array>>;
  /** CAR of commit, proof path, and the record if it exists. */
  getRecordProof(access: Access, collection: string, rkey: string): Promise<Uint8Array>;
  getBlocks(access: Access, cids: string[]): Promise<ReadableStream<Uint8Array>>;
  counts(): Promise<RepoCounts>;

  // Blobs. The bytes are in R2; the account maps CID to key.
  /** Refuses taken-down and absent accounts, before a byte is read. */
  checkUpload(): Promise<void>;
  /** `keep` false: the CID was here already under another key, and the caller deletes its own upload. */
  registerBlob(upload: BlobUpload): Promise<{ keep: boolean; mimeType: string; size: number }>;
  /** A blob that a record refers to. Refuses InvalidRequest `Blob not found`. */
  getBlob(access: Access, cid: string): Promise<BlobLocation>;
  /** CIDs referenced by records, of commits after `since`, after `cursor` (a CID). */
  listBlobs(
    access: Access,
    page: { since?: string | undefined; cursor?: string | undefined; limit: number },
  ): Promise<string[]>;
  listMissingBlobs(page: {
    cursor?: string | undefined;
    limit: number;
  }): Promise<{ cid: string; recordUri: ResourceUri }[]>;

  // Sessions.
  /**
   * Who this password is. Refuses AuthenticationRequired (401), RateLimitExceeded (429): 30 attempts in 5 minutes and
   * 300 a day from one `source` (null: not counted), failed ones kept over restarts.
   */
  checkPassword(password: string, source: string | null): Promise<AppPasswordProof>;
  /** Also revokes every refresh token. */
  setPassword(password: string): Promise<void>;
  /** Refuses InvalidRequest for a name that is taken. The password is shown this once. */
  createAppPassword(name: string, privileged: boolean): Promise<AppPassword & { password: string }>;
  listAppPasswords(): Promise<AppPassword[]>;
  /** Also revokes its refresh tokens. */
  revokeAppPassword(name: string): Promise<void>;
  createRefreshToken(appPassword: AppPasswordProof): Promise<RefreshGrant>;
  /** The successor: always the same one during the two hours for which a used token lives on. Null: token unknown. */
  rotateRefreshToken(id: string): Promise<RefreshGrant | null>;
  revokeRefreshToken(id: string): Promise<void>;
  revokeAllRefreshTokens(): Promise<void>;
  /** A new token (`ABCDE-FGHIJ`), valid 15 minutes, in place of any older one of that purpose. */
  createEmailToken(purpose: EmailTokenPurpose): Promise<string>;
  /** Refuses InvalidToken, ExpiredToken. Consumes the token unless `keep`. */
  checkEmailToken(purpose: EmailTokenPurpose, token: string, keep?: boolean): Promise<void>;

  // Preferences: of one namespace (`app.bsky`), as JSON objects with `$type`. `full`: the caller has full access.
  getPreferences(namespace: string, full: boolean): Promise<JsonObject[]>;
  putPreferences(namespace: string, preferences: JsonObject[], full: boolean): Promise<void>;

  // Keys.
  /** did:key of the repo's signing key. */
  signingKey(): Promise<string>;
  /** A compact JWT (ES256K) over `payload`, as service auth wants it. */
  signServiceJwt(payload: JsonObject): Promise<string>;
  /** The secret signing key, 32 bytes: for the owner's own safe-keeping. */
  exportKey(): Promise<Uint8Array>;

  // Lifecycle.
  /** Idempotent: a repo with an empty signed commit, inactive, and no event. */
  create(account: CreateAccount): Promise<CreatedAccount>;
  /** Idempotent: an active account announces nothing. */
  activate(mode: Activation, handle?: Handle): Promise<void>;
  deactivate(): Promise<void>;
  /** `status`: what the account becomes, or null to lift it. Revokes refresh tokens. */
  takedown(status: "takendown" | "suspended" | null, ref?: string): Promise<void>;
  /** #identity with the handle. */
  announceHandle(handle: Handle): Promise<void>;
  /** #identity without handle (the DID document changed). */
  announceIdentity(): Promise<void>;
  /** Whether and why the account is taken down: `ref` as given. */
  takedownStatus(): Promise<{ status: AccountStatus; ref?: string }>;
  /** Takes a record down or restores it; reads skip it, the repo keeps it. False: no such record. */
  takedownRecord(path: string, applied: boolean, ref?: string): Promise<boolean>;
  recordTakedown(path: string): Promise<{ applied: boolean; ref?: string } | null>;
  takedownBlob(cid: string, applied: boolean, ref?: string): Promise<boolean>;
  blobTakedown(cid: string): Promise<{ applied: boolean; ref?: string } | null>;
  /**
   * Deletes the account: delivers #account deleted (if anything was ever announced), then erases storage and blobs.
   * Returns once the announcement is durable here; the alarm carries it to the end.
   */
  destroy(): Promise<void>;
  setSaga(saga: Saga | null): Promise<void>;
  saga(): Promise<Saga | null>;
  /** What the object still has to do: for `/status` and tests. */
  pending(): Promise<{ unsent: number; saga: Saga | null; destroying: boolean }>;
}
