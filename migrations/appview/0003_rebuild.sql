-- A rebuild of the index from the repos, under way or last done: one row, none before the first. What it drops and keeps is
-- in rebuild.ts.
CREATE TABLE rebuild (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- members, context, roots, rest, done: in this order
  phase TEXT NOT NULL,
  -- the account that the phase has done last
  did TEXT NOT NULL DEFAULT '',
  done INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  started INTEGER NOT NULL,
  finished INTEGER,
  -- until then somebody is at it
  lease INTEGER NOT NULL DEFAULT 0,
  -- why it stopped last
  error TEXT
);
