-- The host's set-up, while it is under way: one row, made when somebody opens it with the code.
CREATE TABLE host_setup (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  -- SHA-256 (hex) of the secret that the browser has in which set-up is under way
  session_digest TEXT,
  -- the same of a secret, good once, to go on at the host's own address, and until when (milliseconds of the Unix epoch)
  pass_digest TEXT,
  pass_until INTEGER,
  -- names of the pages that were left, a JSON array
  done TEXT NOT NULL,
  finished_at INTEGER
) WITHOUT ROWID;
