-- Records that are taken down, by path: outlives the record, so that one made at the same path is taken down as well.
-- record.takedown is a copy, for reads.
CREATE TABLE record_takedown (
  path TEXT PRIMARY KEY,
  ref TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO record_takedown (path, ref) SELECT path, takedown FROM record WHERE takedown IS NOT NULL;
