-- Lists of the admin's pages, the newest first: invites, and what one actor did.
CREATE INDEX invite_code_created ON invite_code (created_at, code);
CREATE INDEX audit_log_actor ON audit_log (actor);

-- Until when an invite lets anybody in (ISO 8601); null: for ever.
ALTER TABLE invite_code ADD COLUMN expires_at TEXT;

-- The host's numbers, one row a day, kept for ever. `day`: YYYY-MM-DD; `numbers`: JSON.
CREATE TABLE day_number (
  day TEXT PRIMARY KEY NOT NULL,
  numbers TEXT NOT NULL
) WITHOUT ROWID;

-- A look at what each relay knows of all members, once a day: how far it is, and what it found. `after`: the last DID
-- that was asked about; null: done. `known`, `missing`: so far; `done_…`: by the last look that was finished.
CREATE TABLE relay_look (
  origin TEXT PRIMARY KEY NOT NULL,
  day TEXT NOT NULL,
  after TEXT,
  known INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  done_day TEXT,
  done_known INTEGER,
  done_missing INTEGER
) WITHOUT ROWID;
-- Members whom a relay does not know, or takes nothing from; the first of them by DID.
CREATE TABLE relay_missing (
  origin TEXT NOT NULL,
  did TEXT NOT NULL,
  day TEXT NOT NULL,
  PRIMARY KEY (origin, did)
) WITHOUT ROWID;
