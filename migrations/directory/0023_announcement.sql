-- What owners told all members: by a post (`uri`), which everybody finds among their notifications, or by mail. `after`: the
-- last member whose mail was begun; null: nobody is to be written to any more. `tries`: turns that ended since no mail went out.
CREATE TABLE announcement (
  id INTEGER PRIMARY KEY NOT NULL,
  at TEXT NOT NULL,
  by TEXT NOT NULL,
  uri TEXT,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  after TEXT,
  total INTEGER NOT NULL,
  sent INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX announcement_under_way ON announcement (id) WHERE after IS NOT NULL;

-- Members who want no announcements by mail.
CREATE TABLE quiet_member (
  did TEXT PRIMARY KEY NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER account_quiet_out AFTER DELETE ON account WHEN old.state <> 'reserved' BEGIN
  DELETE FROM quiet_member WHERE did = old.did;
END;
