/** The part of an account object that backups and restores use. */

/** An account's own data besides its repo, its blobs, and its row in the directory. */
export interface KeptAccount {
  /** When it was made (ms). */
  made: number;
  /** K-256, 32 bytes in hex. */
  signingKey: string;
  /** As stored: a hash with its parameters. Null: no password. */
  password: string | null;
  /** `digest` in hex. */
  appPasswords: { name: string; digest: string; privileged: boolean; createdAt: string }[];
  /** `value`: a JSON array. */
  preferences: { namespace: string; value: string }[];
}

/** `preferences` alone: whoever has an account already keeps what opens it. */
export type KeptParts = "all" | "preferences";

export interface AccountBackup {
  commit: { cid: string; rev: string };
  kept: KeptAccount;
  /** The repo as a CAR; with `since`, what later commits wrote, and null if there are none. */
  car: ReadableStream<Uint8Array> | null;
  /** The archive's length, of the whole repo alone. */
  bytes: number | null;
}

/** A page of what a backup lists beside an archive: blobs that records refer to, then records' revs. */
export interface BackupPage {
  /** `key`: in R2. */
  blobs: { cid: string; key: string; mimeType: string; size: number }[];
  revs: [path: string, rev: string][];
  /** Absent on the last page. */
  next?: string;
}

export interface KeepableAccount {
  /** Refuses RepoNotFound. */
  backup(since: string | null): Promise<AccountBackup>;
  /** With `since`, of records of later commits. Refuses RepoNotFound. */
  backupPage(since: string | null, cursor: string): Promise<BackupPage>;
  /** Replaces preferences, and with `all` password and app passwords. Refuses AccountNotFound. */
  restoreKept(kept: KeptAccount, parts: KeptParts): Promise<void>;
  /**
   * Gives records of the import at `at` (a rev) the revs that they had before it, so that their age shows.
   * Returns how many. Refuses AccountNotFound.
   */
  restoreRevs(at: string, revs: [path: string, rev: string][]): Promise<number>;
}
