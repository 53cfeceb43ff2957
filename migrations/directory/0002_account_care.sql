-- What the care of accounts needs beside the accounts themselves: codes sent by mail, and how often they are asked for.

-- A reset code comes without its account's name. `digest` is the code's SHA-256 in hex; the account decides whether the
-- code still holds. `at` in milliseconds of the Unix epoch.
CREATE TABLE reset_code (
  digest TEXT PRIMARY KEY NOT NULL,
  did TEXT NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;

-- Mail that could not be sent, for the owner to pass on by other means; the newest of each purpose.
CREATE TABLE unsent_mail (
  did TEXT NOT NULL,
  purpose TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (did, purpose)
) WITHOUT ROWID;

-- How often an account did what it may do only so often: a short and a long window, their starts in milliseconds.
CREATE TABLE allowance (
  did TEXT NOT NULL,
  kind TEXT NOT NULL,
  short_start INTEGER NOT NULL,
  short_count INTEGER NOT NULL,
  long_start INTEGER NOT NULL,
  long_count INTEGER NOT NULL,
  PRIMARY KEY (did, kind)
) WITHOUT ROWID;

-- Relays that were asked to crawl, and what the host's newest event was then.
CREATE TABLE relay (
  origin TEXT PRIMARY KEY NOT NULL,
  asked_at TEXT NOT NULL,
  seq INTEGER NOT NULL,
  outcome TEXT NOT NULL
) WITHOUT ROWID;

-- The version of a record that was taken down.
ALTER TABLE subject_status ADD COLUMN cid TEXT;
