-- The host's events, by the number each was given: the frame is exactly what a firehose consumer receives, cut at
-- 1,900,000 bytes because a row may hold 2 MB. No secondary index: each would cost one row written per event, and the one
-- query that wants one (the removal of a deleted account's events) is rare enough to scan.
CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  did TEXT NOT NULL,
  time INTEGER NOT NULL, -- when it was taken, ms since 1970
  frame BLOB NOT NULL
);

-- What of a frame did not fit its row: present exactly when the row's part is 1,900,000 bytes long.
CREATE TABLE event_tail (
  seq INTEGER PRIMARY KEY,
  frame BLOB NOT NULL
);

-- One row a repo: makes append idempotent by (did, position), and answers listRepos.
CREATE TABLE repo (
  did TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  rev TEXT,
  head TEXT,
  status TEXT NOT NULL
) WITHOUT ROWID;

-- Everything up to `pruned` has left the window by age or size; a cursor below it is outdated. (A hole in the seqs above it is
-- no loss: that account was deleted.)
CREATE TABLE horizon (
  only INTEGER PRIMARY KEY CHECK (only = 0),
  pruned INTEGER NOT NULL
);
