-- What the host's backups hold. The files themselves are in R2, or at an S3 address of the owner's.

-- One row a run, the last ones only. `id`: when it began, `20261130T020000Z`; `progress`: JSON, see
-- lifecycle/backup/progress.ts; `ended_at` in milliseconds of the Unix epoch, null while it is under way.
CREATE TABLE backup_run (
  id TEXT PRIMARY KEY NOT NULL,
  progress TEXT NOT NULL,
  ended_at INTEGER
) WITHOUT ROWID;

-- One row an account, as it was kept last. Its row here outlives it, until no run that is kept has it.
CREATE TABLE backup_account (
  did TEXT PRIMARY KEY NOT NULL,
  -- whether something private, of which the firehose does not tell, has changed since
  due INTEGER NOT NULL DEFAULT 0,
  -- where it was kept, and for which key (a digest of both); null: nowhere yet
  place TEXT,
  -- when the account was made, milliseconds of the Unix epoch
  made INTEGER,
  -- of the repo
  rev TEXT,
  -- the visits that make it whole, the first of them in full: JSON, see lifecycle/backup/format.ts
  visits TEXT NOT NULL DEFAULT '[]',
  -- the runs that kept it in full, of which a kept run may still need files: JSON array, the oldest first
  bases TEXT NOT NULL DEFAULT '[]',
  -- the run that no longer found it
  gone TEXT
) WITHOUT ROWID;

-- Of a member whom no backup has, nothing is left.
CREATE TRIGGER account_backup_out AFTER DELETE ON account WHEN old.state <> 'reserved' BEGIN
  DELETE FROM backup_account WHERE did = old.did AND visits = '[]';
END;
