-- Hosts that are heard. `cursor`: the seq of the last event that was taken from it; null: none yet.
CREATE TABLE host (
  name TEXT PRIMARY KEY NOT NULL,
  origin TEXT NOT NULL,
  cursor INTEGER,
  -- when it is heard next, in ms
  due INTEGER NOT NULL,
  -- rounds in a row in which it could not be heard
  failures INTEGER NOT NULL DEFAULT 0,
  -- when it was heard last, in ms
  heard INTEGER
) WITHOUT ROWID;

-- Accounts of those hosts. `rev` and `data` of the last commit that was verified; null: its repo is yet to be fetched,
-- or is not followed commit by commit.
CREATE TABLE account (
  did TEXT PRIMARY KEY NOT NULL,
  host TEXT NOT NULL,
  -- did:key
  key TEXT NOT NULL,
  -- 'tracked': a member follows it; 'met': some record of it is held here
  relation TEXT NOT NULL,
  rev TEXT,
  data TEXT,
  -- when its repo is fetched next, in ms; null: it is in step, or not followed
  due INTEGER,
  failures INTEGER NOT NULL DEFAULT 0,
  -- when its document was read, in ms
  checked INTEGER NOT NULL
) WITHOUT ROWID;

-- Hosts that asked to be heard, and of which nobody here follows anybody.
CREATE TABLE asking (
  name TEXT PRIMARY KEY NOT NULL,
  since INTEGER NOT NULL
) WITHOUT ROWID;
