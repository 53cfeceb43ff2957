-- The event's time on the JSON stream, in microseconds since 1970, strictly increasing. Null in events of before: `time` stands for it.
ALTER TABLE event ADD COLUMN us INTEGER;

-- The fan-out objects that have readers, and so are handed every event.
CREATE TABLE fan_out (
  name TEXT PRIMARY KEY
) WITHOUT ROWID;

-- Readers that were cut, by stream and reason.
CREATE TABLE cut (
  kind TEXT NOT NULL,
  why TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (kind, why)
) WITHOUT ROWID;
