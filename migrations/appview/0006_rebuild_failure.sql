-- Accounts that a rebuild could not read or index, and why. What the index had of them stays; the next rebuild tries again.
CREATE TABLE rebuild_failure (
  did TEXT PRIMARY KEY NOT NULL,
  error TEXT NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
