-- Acts that several stations must follow. A row is written in the transaction that begins an act, and deleted once all
-- have followed. What a crash leaves here is taken up when it is due (lifecycle/settle.ts). Mostly empty.
CREATE TABLE unsettled (
  id TEXT PRIMARY KEY NOT NULL,
  did TEXT NOT NULL,
  -- see identity/unsettled.ts
  kind TEXT NOT NULL,
  -- what the act is about besides the account; see there
  subject TEXT,
  -- when it began, and when it may be taken up: milliseconds of the Unix epoch
  at INTEGER NOT NULL,
  due INTEGER NOT NULL
) WITHOUT ROWID;

-- What an earlier version left half done: a sign-up is undone, a deletion completed.
INSERT INTO unsettled (id, did, kind, at, due)
  SELECT lower(hex(randomblob(16))), did, CASE state WHEN 'reserved' THEN 'bring' ELSE 'delete' END,
    unixepoch() * 1000, 0
  FROM account WHERE state IN ('reserved', 'deleted');

-- As before, but not for a reservation that is undone: its DID may be known here for another reason (a role).
DROP TRIGGER account_out;
CREATE TRIGGER account_out AFTER DELETE ON account WHEN old.state <> 'reserved' BEGIN
  DELETE FROM actor_mute WHERE did = old.did;
  DELETE FROM list_mute WHERE did = old.did;
  DELETE FROM thread_mute WHERE did = old.did;
  DELETE FROM bookmark WHERE did = old.did;
  DELETE FROM draft WHERE did = old.did;
  DELETE FROM notification_seen WHERE did = old.did;
  DELETE FROM notification_pref WHERE did = old.did;
  DELETE FROM activity_subscription WHERE did = old.did;
  DELETE FROM unsent_mail WHERE did = old.did;
  DELETE FROM reset_code WHERE did = old.did;
  DELETE FROM allowance WHERE did = old.did;
  DELETE FROM role WHERE did = old.did;
  DELETE FROM subject_status WHERE did = old.did;
  DELETE FROM oauth_device_account WHERE did = old.did;
  DELETE FROM oauth_consent WHERE did = old.did;
  DELETE FROM passkey WHERE did = old.did;
  DELETE FROM oauth_session WHERE did = old.did;
  DELETE FROM oauth_request WHERE did = old.did;
  DELETE FROM reserved_key WHERE did = old.did;
  DELETE FROM unsettled WHERE did = old.did;
END;
