/** Which tables of the directory a backup keeps. A test holds both lists together to be all of them. */

export interface KeptTable {
  /** Columns of the primary key, by which it is read in pages. */
  key: readonly string[];
  /** Columns that are sealed. */
  sealed?: readonly string[];
  /** Columns that come back empty. */
  cleared?: readonly string[];
  /** Rows read at once, where they may be large; by default PAGE_ROWS. */
  page?: number;
}

export const PAGE_ROWS = 1_000;

export const KEPT_TABLES: Readonly<Record<string, KeptTable>> = {
  account: { key: ["did"] },
  reserved_key: { key: ["key_did"], sealed: ["private_key"] },
  invite_code: { key: ["code"] },
  invite_use: { key: ["code", "used_by"] },
  secret: { key: ["name"], sealed: ["value"] },
  // Keys of mail and of backups are among them.
  host_settings: { key: ["id"], sealed: ["settings"], cleared: ["shortage"] },
  role: { key: ["did"] },
  report: { key: ["id"] },
  label: { key: ["seq"] },
  subject_status: { key: ["did", "subject"] },
  audit_log: { key: ["id"] },
  reserved_name: { key: ["name"] },
  day_number: { key: ["day"] },
  actor_mute: { key: ["did", "subject_did"] },
  list_mute: { key: ["did", "list_uri"] },
  thread_mute: { key: ["did", "root_uri"] },
  bookmark: { key: ["did", "uri"] },
  draft: { key: ["did", "id"], page: 20 },
  notification_seen: { key: ["did"] },
  notification_pref: { key: ["did"] },
  activity_subscription: { key: ["did", "subject_did"] },
  oauth_consent: { key: ["did", "client_id"] },
  passkey: { key: ["credential_id"] },
  blocked_link: { key: ["domain"] },
  mail_text: { key: ["name", "language"] },
  quiet_member: { key: ["did"] },
  join_request: { key: ["id"] },
  // One that is under way goes out no further from another host.
  announcement: { key: ["id"], cleared: ["after"] },
};

const SESSION = "who is restored signs in anew: what was ended since the backup must stay ended";
const SHORT = "holds for minutes";
const LOOKED_UP = "looked up again";
const COUNTED = "counted again";

/** The others, each with why it is left out. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  unsettled: "acts under way",
  host_task: "when tasks last began",
  host_setup: "set-up under way",
  hand_over: "a hand-over under way",
  backup_run: "of this backup's own place",
  backup_account: "in the run's accounts.jsonl",
  examination: "of this host as it is",
  did_cache: LOOKED_UP,
  handle_cache: LOOKED_UP,
  oauth_lexicon: LOOKED_UP,
  relay: LOOKED_UP,
  relay_look: LOOKED_UP,
  relay_missing: LOOKED_UP,
  size_look: LOOKED_UP,
  host_file: "the host's own files, of which a bucket's are not kept either",
  file_move: "a move under way",
  allowance: COUNTED,
  host_use: COUNTED,
  mail_log: "what went out lately",
  archive: "files of the host's own bucket, for some days",
  reset_code: SHORT,
  unsent_mail: SHORT,
  oauth_request: SHORT,
  oauth_replay: SHORT,
  oauth_device: SESSION,
  oauth_device_account: SESSION,
  oauth_session: SESSION,
  oauth_spent: SESSION,
};
