-- When a handle that is a domain of somebody's own was last looked up, and when its domain last named the account, in
-- milliseconds of the Unix epoch. A handle whose domain no longer does is replaced by `invalid:` and the DID, so that its
-- rightful owner can take it.
ALTER TABLE account ADD COLUMN handle_checked_at INTEGER;
ALTER TABLE account ADD COLUMN handle_confirmed_at INTEGER;

-- Names that owners keep from members, beside those that nobody may have.
CREATE TABLE reserved_name (
  name TEXT PRIMARY KEY NOT NULL,
  reserved_by TEXT NOT NULL,
  reserved_at TEXT NOT NULL
) WITHOUT ROWID;
