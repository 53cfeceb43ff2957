-- Settings that the host's pages have set, under those of the environment: one row, so that one read tells them all.
CREATE TABLE host_settings (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  version INTEGER NOT NULL,
  -- JSON object of texts by the settings' names
  settings TEXT NOT NULL
) WITHOUT ROWID;
