-- A hand-over of the host that is under way: one row. `to_did` becomes an owner in the place of `from_did` once they accept,
-- from `ready_at` on (milliseconds of the Unix epoch), which is later if it was begun with a recovery key.
CREATE TABLE hand_over (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  from_did TEXT NOT NULL,
  to_did TEXT NOT NULL,
  by_key INTEGER NOT NULL,
  begun_at INTEGER NOT NULL,
  ready_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER account_hand_over_out AFTER DELETE ON account WHEN old.state <> 'reserved' BEGIN
  DELETE FROM hand_over WHERE from_did = old.did OR to_did = old.did;
END;
