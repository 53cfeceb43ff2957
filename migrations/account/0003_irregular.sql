-- The records that the last import kept although they are not of the data model: how many, and the first of them, a JSON
-- array of [path, digest in hex, why]. No row: none.
CREATE TABLE irregular (
  only INTEGER PRIMARY KEY CHECK (only = 0),
  count INTEGER NOT NULL,
  entries TEXT NOT NULL
);

-- Imports of the last day: JSON, see limits.ts in protocol/object.
ALTER TABLE account ADD COLUMN imports TEXT NOT NULL DEFAULT '[]';
