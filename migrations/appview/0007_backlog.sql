-- Repos that are too large to be indexed while everybody's events wait: what is left is indexed beside them.
CREATE TABLE backlog (
  did TEXT PRIMARY KEY NOT NULL,
  -- the #sync that asked for it
  seq INTEGER NOT NULL,
  -- the record up to which the repo is in the index; '~': all of it is, and what it does not have is yet to go
  place TEXT NOT NULL,
  -- when it may be taken up: later while somebody is at it, and after a failure
  due INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
-- The account that a phase is at, a blank, and the record that it has done last: a large repo takes several slices.
ALTER TABLE rebuild ADD COLUMN place TEXT;
