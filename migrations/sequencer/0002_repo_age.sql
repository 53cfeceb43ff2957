-- When a repo's first event was taken, ms since 1970 (0: before this was noted): the order of listRepos, as in the
-- reference. It never changes, so the index costs a row for a new repo and none for any later event.
ALTER TABLE repo ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
CREATE INDEX repo_age ON repo (since, did);
