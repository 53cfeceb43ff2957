-- One row: who this account is, and what it still has to do.
CREATE TABLE account (
  only INTEGER PRIMARY KEY CHECK (only = 0),
  did TEXT NOT NULL,
  -- K-256 secret, 32 bytes
  signing_key BLOB NOT NULL,
  -- see sessions.ts for the format; NULL: no password
  password TEXT,
  created_at INTEGER NOT NULL,
  -- position of the last log entry of an earlier account of this DID, whose numbers go on
  position_base INTEGER NOT NULL DEFAULT 0,
  -- whether anything was ever announced, so that a deletion has to be
  announced INTEGER NOT NULL DEFAULT 0,
  deactivated INTEGER NOT NULL DEFAULT 1,
  -- 'takendown' or 'suspended'
  takedown TEXT,
  takedown_ref TEXT,
  -- JSON of the half-done operation that lifecycle will resume
  saga TEXT,
  destroying INTEGER NOT NULL DEFAULT 0,
  -- ms; when unreferenced blobs are next looked for; NULL: none uploaded since
  sweep_at INTEGER,
  -- JSON, failed sign-in attempts by source
  attempts TEXT
);

-- Table order is MST order: collection and rkey are ASCII, so a path sorts by its bytes.
CREATE TABLE record (
  path TEXT PRIMARY KEY,
  -- SHA-256 of value: the rest of a record's CID never varies
  digest BLOB NOT NULL,
  -- of the commit that last wrote it
  rev TEXT NOT NULL,
  -- like, repost, follow, block: hash of what it is about
  subject INTEGER,
  takedown TEXT,
  -- DAG-CBOR
  value BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX record_subject ON record (subject) WHERE subject IS NOT NULL;

-- Packed MST nodes (protocol/mst.ts); the top row carries the head.
CREATE TABLE mst (
  band INTEGER NOT NULL,
  edge TEXT NOT NULL,
  -- of the commit that last wrote the row
  rev TEXT NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (band, edge)
) WITHOUT ROWID;

-- The outbox. A slot is used again once its entry is acknowledged, so a row is written a commit and none deleted.
CREATE TABLE log (
  slot INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  kind TEXT NOT NULL,
  rev TEXT,
  head TEXT,
  status TEXT,
  seq_at INTEGER NOT NULL,
  -- highest position known to be acknowledged when the row was written
  acked INTEGER NOT NULL,
  -- write points used, so that they cost no row of their own: JSON, see limits.ts
  points TEXT NOT NULL,
  frame BLOB NOT NULL
);

-- Uploads by CID. One without a row in blob_ref is temporary, and is swept after a day.
CREATE TABLE blob (
  cid TEXT PRIMARY KEY,
  key TEXT NOT NULL,
  mime TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  takedown TEXT
) WITHOUT ROWID;

CREATE TABLE blob_ref (
  cid TEXT NOT NULL,
  path TEXT NOT NULL,
  PRIMARY KEY (cid, path)
) WITHOUT ROWID;

-- R2 keys that nothing points to any more; the alarm deletes them.
CREATE TABLE trash (
  key TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE app_password (
  name TEXT PRIMARY KEY,
  digest BLOB NOT NULL,
  privileged INTEGER NOT NULL,
  created_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE refresh_token (
  id TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL,
  app_password TEXT,
  -- the successor, once used
  next_id TEXT
) WITHOUT ROWID;

CREATE TABLE email_token (
  purpose TEXT PRIMARY KEY,
  token TEXT NOT NULL,
  requested_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE preference (
  namespace TEXT PRIMARY KEY,
  -- JSON array, in the order given
  value TEXT NOT NULL
) WITHOUT ROWID;
