-- The host's own files, where there is no R2 bucket: its logo.
CREATE TABLE host_file (
  key TEXT PRIMARY KEY NOT NULL,
  at INTEGER NOT NULL,
  bytes BLOB NOT NULL
) WITHOUT ROWID;

-- The move of files from the accounts' objects to R2: one row. `after`: the last DID that is done, and `place` how far the
-- next is; `left`: files that stay for now; `ended_at`: null while it goes on.
CREATE TABLE file_move (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  begun_at INTEGER NOT NULL,
  after TEXT NOT NULL,
  place INTEGER NOT NULL,
  left INTEGER NOT NULL,
  files INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  error TEXT,
  ended_at INTEGER
) WITHOUT ROWID;

-- Bytes of files that are in the accounts' objects, among those of `file_bytes`.
ALTER TABLE size_look ADD COLUMN held_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE size_look ADD COLUMN done_held_bytes INTEGER;
