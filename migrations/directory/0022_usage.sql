-- What requests have used since the host began to count: one row. Of each hundred requests one is measured, and
-- counts a hundredfold.
CREATE TABLE host_use (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  requests INTEGER NOT NULL,
  rows_read INTEGER NOT NULL,
  rows_written INTEGER NOT NULL
) WITHOUT ROWID;

-- A look at what all accounts keep, once a day: how far it is, and what it found. `after`: the last DID that was asked;
-- null: done. Sums, in bytes and in files: so far, and (`done_…`) of the last look that was finished.
CREATE TABLE size_look (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  day TEXT NOT NULL,
  after TEXT,
  repo_bytes INTEGER NOT NULL,
  files INTEGER NOT NULL,
  file_bytes INTEGER NOT NULL,
  done_day TEXT,
  done_repo_bytes INTEGER,
  done_files INTEGER,
  done_file_bytes INTEGER
) WITHOUT ROWID;

-- What deleted members left: an archive of the repo in R2, for some days, and the files beside it. `until`: the day
-- (ISO 8601) on which it goes.
CREATE TABLE archive (
  did TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  handle TEXT NOT NULL,
  key TEXT NOT NULL,
  until TEXT NOT NULL,
  -- who asked for it: a DID, or admin
  actor TEXT NOT NULL,
  rev TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  -- the CID of its bytes, by which they are checked
  cid TEXT NOT NULL,
  files INTEGER NOT NULL,
  file_bytes INTEGER NOT NULL,
  PRIMARY KEY (did, made_at)
) WITHOUT ROWID;
CREATE INDEX archive_until ON archive (until);
