-- What the host's doctor found. One row an examination, the last ones only. `id`: when it began, `20261130T020000Z`;
-- `progress`: JSON, see lifecycle/doctor/progress.ts; `ended_at` in milliseconds of the Unix epoch, null while it is under way.
CREATE TABLE examination (
  id TEXT PRIMARY KEY NOT NULL,
  progress TEXT NOT NULL,
  ended_at INTEGER
) WITHOUT ROWID;
