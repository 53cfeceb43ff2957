-- The directory: who lives here, and what only this host knows of them. It must never be lost.
-- Rows written are the bill: natural keys, WITHOUT ROWID, and an index only where a scan would be frequent.

-- `state` is the member's own doing and the saga's; `takedown` is the moderators'. Both are kept, so that reversing a
-- takedown gives back the state that was there before.
CREATE TABLE account (
  did TEXT PRIMARY KEY NOT NULL,
  handle TEXT NOT NULL,
  email TEXT,
  email_confirmed_at TEXT,
  state TEXT NOT NULL CHECK (state IN ('reserved', 'active', 'deactivated', 'deleted')),
  takedown TEXT CHECK (takedown IN ('takendown', 'suspended')),
  takedown_ref TEXT,
  created_at TEXT NOT NULL,
  deactivated_at TEXT,
  delete_after TEXT,
  invite_code TEXT,
  invites_disabled INTEGER NOT NULL DEFAULT 0,
  invite_note TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX account_handle ON account (handle);
CREATE UNIQUE INDEX account_email ON account (email) WHERE email IS NOT NULL;

-- com.atproto.server.reserveSigningKey: one key a DID, or a key for a DID not yet known.
CREATE TABLE reserved_key (
  key_did TEXT PRIMARY KEY NOT NULL,
  did TEXT,
  private_key TEXT NOT NULL,
  created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX reserved_key_did ON reserved_key (did) WHERE did IS NOT NULL;

CREATE TABLE invite_code (
  code TEXT PRIMARY KEY NOT NULL,
  available_uses INTEGER NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  for_account TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX invite_code_for_account ON invite_code (for_account) WHERE for_account <> 'admin';

CREATE TABLE invite_use (
  code TEXT NOT NULL,
  used_by TEXT NOT NULL,
  used_at TEXT NOT NULL,
  PRIMARY KEY (code, used_by)
) WITHOUT ROWID;

-- The host's own secrets, made on first use. One in the environment wins.
CREATE TABLE secret (
  name TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL,
  created_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE role (
  did TEXT PRIMARY KEY NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'moderator', 'inviter')),
  granted_by TEXT NOT NULL,
  granted_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE report (
  id INTEGER PRIMARY KEY,
  reason_type TEXT NOT NULL,
  reason TEXT,
  subject_did TEXT NOT NULL,
  subject_uri TEXT,
  subject_cid TEXT,
  reported_by TEXT NOT NULL,
  created_at TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved', 'dismissed')),
  closed_by TEXT,
  closed_at TEXT,
  note TEXT
);

-- Labels that this host issues. A cursor counts on seq, so it is never used twice.
CREATE TABLE label (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  src TEXT NOT NULL,
  uri TEXT NOT NULL,
  cid TEXT,
  val TEXT NOT NULL,
  neg INTEGER NOT NULL DEFAULT 0,
  cts TEXT NOT NULL,
  exp TEXT,
  -- base64
  sig TEXT NOT NULL
);
CREATE INDEX label_uri ON label (uri);

-- Takedowns below the account: `subject` is a record's at-uri or a blob's CID.
CREATE TABLE subject_status (
  did TEXT NOT NULL,
  subject TEXT NOT NULL,
  takedown_ref TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (did, subject)
) WITHOUT ROWID;

CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  -- a DID, or `admin`
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT,
  -- JSON
  detail TEXT
);

-- Identities resolved from outside. `fetched_at` is in milliseconds of the Unix epoch.
CREATE TABLE did_cache (
  did TEXT PRIMARY KEY NOT NULL,
  -- JSON
  document TEXT NOT NULL,
  fetched_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE handle_cache (
  handle TEXT PRIMARY KEY NOT NULL,
  did TEXT NOT NULL,
  fetched_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Viewer state: what a member sees differently, known to nobody else.
CREATE TABLE actor_mute (
  did TEXT NOT NULL,
  subject_did TEXT NOT NULL,
  created_at TEXT NOT NULL,
  -- With either scope only that is muted, with none everything (app.bsky.graph.muteActor).
  only_reposts INTEGER NOT NULL DEFAULT 0,
  only_quoteposts INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (did, subject_did)
) WITHOUT ROWID;
CREATE TABLE list_mute (
  did TEXT NOT NULL,
  list_uri TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (did, list_uri)
) WITHOUT ROWID;
CREATE TABLE thread_mute (
  did TEXT NOT NULL,
  root_uri TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (did, root_uri)
) WITHOUT ROWID;
CREATE TABLE bookmark (
  did TEXT NOT NULL,
  uri TEXT NOT NULL,
  cid TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (did, uri)
) WITHOUT ROWID;
CREATE TABLE draft (
  did TEXT NOT NULL,
  -- a TID
  id TEXT NOT NULL,
  -- JSON
  draft TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (did, id)
) WITHOUT ROWID;
CREATE TABLE notification_seen (
  did TEXT PRIMARY KEY NOT NULL,
  seen_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE notification_pref (
  did TEXT PRIMARY KEY NOT NULL,
  -- JSON
  preferences TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE activity_subscription (
  did TEXT NOT NULL,
  subject_did TEXT NOT NULL,
  post INTEGER NOT NULL,
  reply INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (did, subject_did)
) WITHOUT ROWID;
-- Asked once for each new post: who wants to hear of this author?
CREATE INDEX activity_subscription_subject ON activity_subscription (subject_did);
