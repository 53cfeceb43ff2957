/**
 * The account object's interface to the rest of the host. There is one Durable Object per DID:
 * `env.ACCOUNT.getByName(did)`. It stores nothing before `create`; until then every method refuses
 * (RepoNotFound for reads, AccountNotFound for writes and sessions). All arguments and results are plain
 * data: CIDs are strings, instants ISO 8601.
 */
import type { Did, Handle, Nsid, ResourceUri } from "@atcute/lexicons";
import type { ByteRange, HeldFile, MovedFiles } from "./object/files.ts";
import type { KeepableAccount } from "./object/account-backup.ts";
import type { ExaminableAccount } from "./object/account-examination.ts";
import type { AccountStatus } from "./events.ts";
import type { RowCount } from "./object/sql.ts";
import type { BackfillSource } from "./stations.ts";

/**
 * The access level of a read. `public` sees active repos only (else RepoTakendown, RepoDeactivated); `owner`
 * (the account itself, or the admin) sees them in any state.
 */
export type Access = "public" | "owner";

export type JsonObject = Record<string, unknown>;

// ---------------------------------------------------------------------------------------------- writes

/** The cost of a write in the account's own database; told in local runs only (header `atoll-cost`). */
export interface Costed {
  cost?: RowCount;
}

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
  /** The record's required current CID; null: the record must not exist. */
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
export interface WriteOutcome extends WrittenRecord, Costed {
  /** Absent when nothing changed (a put of the same value). */
  commit?: CommitRef;
}
export interface DeleteOutcome extends Costed {
  /** Absent when there was nothing to delete. */
  commit?: CommitRef;
}
export interface BatchOutcome extends Costed {
  commit: CommitRef;
  /** In the order of the writes; null for a delete. */
  results: (WrittenRecord | null)[];
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
/** The counts of com.atproto.server.checkAccountStatus. */
export interface RepoCounts {
  commit: CommitRef;
  repoBlocks: number;
  indexedRecords: number;
  expectedBlobs: number;
  importedBlobs: number;
}
/** The sizes of an account. */
export interface AccountSizes {
  /** Of its database, without the files that are in it. */
  repoBytes: number;
  /** Of the files, those in its database. Absent from an object of a version before. */
  heldBytes?: number;
  files: number;
  fileBytes: number;
}
/** Records that an import kept as they came although they are not of the data model. The index leaves them out. */
export interface IrregularRecords {
  count: number;
  /** The first of them in order of path, at most 1,000. */
  records: { uri: ResourceUri; cid: string; reason: string }[];
}
/** A record with the rev and the time of the commit that last wrote it. */
export interface RecentRecord extends RecordView {
  rev: string;
  indexedAt: string;
}
/** The records that read-after-write adds to the answers of an AppView that has not seen them yet. */
export interface RecentRecords {
  /** The current profile, whatever its age, because it names the posts' author; null when there is none. */
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

/** The credential a client signed in with: the account's password (null) or an app password. */
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
/** A code from a mail, with the account's present address: one that was mailed elsewhere does not hold. */
export interface MailedCode {
  token: string;
  address: string;
}

export type EmailTokenPurpose =
  | "confirm_email"
  | "update_email"
  | "reset_password"
  | "delete_account"
  | "plc_operation";

// ---------------------------------------------------------------------------------------------- lifecycle

export interface CreateAccount {
  did: Did;
  /** When it was reserved (ms). Of two calls for one DID, the account belongs to the later one. */
  at: number;
  /** Null: the account has no password (it signs in by other means). */
  password: string | null;
  /** Secret K-256 key, 32 bytes, as reserved by reserveSigningKey; generated when absent. */
  signingKey?: Uint8Array | undefined;
}
export interface CreatedAccount {
  /** did:key of the repo's signing key. */
  signingKey: string;
  commit: CommitRef;
}
export type Takedown = "takendown" | "suspended";

/** An account's standing, as the directory has it. */
export interface Standing {
  active: boolean;
  takedown: Takedown | null;
  /** The moderator's reference. */
  takedownRef: string | null;
  handle: Handle;
}

/** The order of an act, as the directory noted it. */
export interface Order {
  /** When the act began (ms). An account that was made later does not follow it. */
  at: number;
  /** Whether it is that of the account's creation, which announces the first commit. */
  isNew: boolean;
}

export interface AccountStation extends BackfillSource, KeepableAccount, ExaminableAccount {
  // Writes. All refuse AccountNotFound (403), AccountTakedown, AccountDeactivated (401), RateLimitExceeded
  // (429), InvalidSwap, InvalidRequest, BlobNotFound, InvalidMimeType, InvalidSize (400).
  /** Also refuses RecordAlreadyExists (409). */
  createRecord(input: CreateInput): Promise<WriteOutcome>;
  putRecord(input: PutInput): Promise<WriteOutcome>;
  deleteRecord(input: DeleteInput): Promise<DeleteOutcome>;
  applyWrites(input: BatchInput): Promise<BatchOutcome>;
  /**
   * Replaces the repo with the CAR's records, re-signed with this account's key at a higher rev. Announces
   * only a #sync, and only when the account is active. The CAR's commit must name this DID; its signature and
   * its rev do not count. Records that are not of the data model are kept, and returned. Refuses
   * InvalidRequest, InvalidSwap, RateLimitExceeded.
   */
  importRepo(car: ReadableStream<Uint8Array>): Promise<Costed & { irregular: IrregularRecords }>;

  // Reads of the repo.
  /** Collections in order. Refuses RepoNotFound, RepoTakendown, RepoDeactivated. */
  listCollections(access: Access): Promise<Nsid[]>;
  /**
   * Null when the record does not exist, has another CID, or is taken down. Refuses `Could not find repo`.
   */
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
   * The posts of commits after `rev`, and the profile. Null when neither is newer; when no record is as old
   * as `rev`, which then predates this repo's migration to this host; and when there are too many newer nodes
   * and records to search.
   */
  recordsSince(rev: string): Promise<RecentRecords | null>;
  /** Those of the last import that are still here. */
  irregularRecords(): Promise<IrregularRecords>;
  getLatestCommit(access: Access): Promise<CommitRef>;
  getRepoStatus(): Promise<RepoStatus>;
  /** The repo as a CAR; with `since`, only what later commits wrote. */
  getRepo(access: Access, since?: string): Promise<ReadableStream<Uint8Array>>;
  /** CAR of commit, proof path, and the record if it exists. */
  getRecordProof(access: Access, collection: string, rkey: string): Promise<Uint8Array>;
  /**
   * A CAR without roots. A stranger's search looks at a bounded part of the tree, what is newest first. Refuses
   * InvalidRequest for what it does not find, and for too much.
   */
  getBlocks(access: Access, cids: string[]): Promise<ReadableStream<Uint8Array>>;
  counts(): Promise<RepoCounts>;
  sizes(): Promise<AccountSizes>;
  /** Rows touched since the object woke, for the cost of a request in local runs. */
  rows(): Promise<RowCount>;

  // Files that the object holds itself, on a host without a bucket.
  /**
   * Stores a file under a key. `most`: bytes that the object may have in all. Refuses NotEnoughResources (507),
   * AccountNotFound.
   */
  putFile(key: string, body: ReadableStream<Uint8Array>, most: number): Promise<number>;
  /** Null if it is not here. */
  getFile(key: string, range: ByteRange | null): Promise<HeldFile | null>;
  dropFiles(keys: string[]): Promise<void>;
  /** Moves some of them to the bucket. `after`: the `next` of the call before; 0: from the beginning. */
  moveFiles(after: number): Promise<MovedFiles>;

  // Blobs. The bytes are in R2, or here; the account maps CID to key.
  /**
   * Counts an upload before its first byte is read. Refuses taken-down and absent accounts,
   * RateLimitExceeded.
   */
  checkUpload(): Promise<void>;
  /** `keep` false: the CID is already stored under another key, and the caller deletes its own upload. */
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
   * The credential that this password is. Refuses AuthenticationRequired (401), RateLimitExceeded (429): 30
   * attempts in 5 minutes and 300 a day from one `source` (null: not counted). Counts of failed attempts
   * survive restarts.
   */
  checkPassword(password: string, source: string | null): Promise<AppPasswordProof>;
  /**
   * Also revokes every refresh token. With a code of purpose `reset_password`, uses it up, or refuses
   * InvalidToken, ExpiredToken.
   */
  setPassword(password: string, code?: MailedCode): Promise<void>;
  /** Refuses InvalidRequest for a name that is taken. The password is returned only here. */
  createAppPassword(name: string, privileged: boolean): Promise<AppPassword & { password: string }>;
  listAppPasswords(): Promise<AppPassword[]>;
  /** Also revokes its refresh tokens. */
  revokeAppPassword(name: string): Promise<void>;
  createRefreshToken(appPassword: AppPasswordProof): Promise<RefreshGrant>;
  /**
   * The successor; a used token lives on for two hours and always returns the same one. Null: token unknown.
   */
  rotateRefreshToken(id: string): Promise<RefreshGrant | null>;
  revokeRefreshToken(id: string): Promise<void>;
  revokeAllRefreshTokens(): Promise<void>;
  /**
   * A new token (`ABCDE-FGHIJ`) for this mailbox, valid for 15 minutes; replaces any older one of that
   * purpose.
   */
  createEmailToken(purpose: EmailTokenPurpose, address: string): Promise<string>;
  /** Refuses InvalidToken, ExpiredToken. Consumes the token unless `keep`. */
  checkEmailToken(purpose: EmailTokenPurpose, code: MailedCode, keep?: boolean): Promise<void>;

  // Preferences of one namespace (`app.bsky`), as JSON objects with `$type`. `full`: the caller has full
  // access. `before`: what they must still be, as read with full access; refuses InvalidSwap.
  getPreferences(namespace: string, full: boolean): Promise<JsonObject[]>;
  putPreferences(
    namespace: string,
    preferences: JsonObject[],
    full: boolean,
    before?: JsonObject[],
  ): Promise<void>;

  // Keys.
  /** did:key of the repo's signing key. */
  signingKey(): Promise<string>;
  /** A compact JWT (ES256K) over `payload`, as service auth requires. */
  signServiceJwt(payload: JsonObject): Promise<string>;
  /** The secret signing key, 32 bytes, for the owner to keep safe. */
  exportKey(): Promise<Uint8Array>;

  // Lifecycle.
  /**
   * Creates a repo with an empty signed commit, inactive, without any event. Idempotent. Replaces what an
   * earlier reservation left. Refuses AlreadyExists if a later one was faster, NotEnoughResources (503) while
   * an earlier account is being deleted.
   */
  create(account: CreateAccount): Promise<CreatedAccount>;
  /** Makes the account what the directory says, and announces what is new. Idempotent. */
  settle(standing: Standing, order: Order): Promise<void>;
  /** Announces #identity without a handle (the DID document changed). */
  announceIdentity(): Promise<void>;
  /** Takes a record down, or restores it with null. Reads skip it; the repo keeps it. */
  takedownRecord(path: string, ref: string | null): Promise<void>;
  /** The record's CID and takedown; null when there is no such record. */
  recordTakedown(path: string): Promise<{ cid: string; takedown: { applied: boolean; ref?: string } } | null>;
  /** Takes a blob down, or restores it with null. */
  takedownBlob(cid: string, ref: string | null): Promise<void>;
  blobTakedown(cid: string): Promise<{ applied: boolean; ref?: string } | null>;
  /**
   * Deletes the account, unless it was made after `upTo` (ms): delivers #account deleted (if anything was ever
   * announced), then erases storage and blobs. Returns once the announcement is durable here; the alarm
   * completes the deletion.
   */
  destroy(upTo: number): Promise<void>;
  /** The object's unfinished work, for tests. */
  pending(): Promise<{ unsent: number; destroying: boolean }>;
}
