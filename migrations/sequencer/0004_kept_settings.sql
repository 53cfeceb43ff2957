-- A copy of what the host's pages have set, for a day on which the directory answers nothing any more.
CREATE TABLE kept_settings (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  settings TEXT NOT NULL
);
