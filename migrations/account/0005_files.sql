-- Files of a host without an R2 bucket. `size`: null while the upload goes on. The bytes are in `file_chunk`, a megabyte
-- a row, the first at `no * 1048576`.
CREATE TABLE file (
  no INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  size INTEGER
);
CREATE TABLE file_chunk (
  id INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
);
