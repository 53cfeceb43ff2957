-- Events come from sources, each with a cursor and so a guard of its own. `id` 1: this host's sequencer; 2: the neighbours,
-- whose rounds are numbered here. A seq is its source's alone.
ALTER TABLE cursor RENAME TO only_cursor;
CREATE TABLE cursor (
  id INTEGER PRIMARY KEY CHECK (id IN (1, 2)),
  seq INTEGER NOT NULL
);
INSERT INTO cursor (id, seq) SELECT 1, seq FROM only_cursor UNION ALL SELECT 2, 0;
DROP TABLE only_cursor;

ALTER TABLE poison RENAME TO only_poison;
CREATE TABLE poison (
  source INTEGER NOT NULL DEFAULT 1,
  seq INTEGER NOT NULL,
  did TEXT,
  error TEXT NOT NULL,
  -- the event's frame, base64
  frame TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (source, seq)
);
INSERT INTO poison (seq, did, error, frame, at) SELECT seq, did, error, frame, at FROM only_poison;
DROP TABLE only_poison;

-- `known`: whether the account may be shown, and since when. It lives here if `home` is null as well.
-- The host where an account elsewhere lives, by its DID document.
ALTER TABLE actor ADD COLUMN home TEXT;
-- When this host looked that account up last; 0: it has to be looked up again.
ALTER TABLE actor ADD COLUMN checked INTEGER;
-- Members alone are listed by when they came.
DROP INDEX actor_newest;
CREATE INDEX actor_newest ON actor (known, did) WHERE known IS NOT NULL AND handle IS NOT NULL AND home IS NULL;
CREATE INDEX actor_elsewhere ON actor (checked) WHERE home IS NOT NULL;
