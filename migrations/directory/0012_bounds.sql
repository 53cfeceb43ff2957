-- Bounds for what strangers' requests can grow. A table with slots is never longer than its slots: a new entry takes the
-- slot of its hash, and so replaces whatever had it.

DROP TABLE did_cache;
CREATE TABLE did_cache (
  slot INTEGER PRIMARY KEY NOT NULL CHECK (slot BETWEEN 0 AND 32767),
  did TEXT NOT NULL,
  -- JSON, of the document only what this host reads
  document TEXT NOT NULL,
  -- milliseconds of the Unix epoch
  fetched_at INTEGER NOT NULL
) WITHOUT ROWID;

DROP TABLE handle_cache;
CREATE TABLE handle_cache (
  slot INTEGER PRIMARY KEY NOT NULL CHECK (slot BETWEEN 0 AND 32767),
  handle TEXT NOT NULL,
  did TEXT NOT NULL,
  fetched_at INTEGER NOT NULL
) WITHOUT ROWID;

-- A used value may not be replaced while it counts, so it takes any free slot of a few neighbours.
DROP TABLE oauth_replay;
CREATE TABLE oauth_replay (
  slot INTEGER PRIMARY KEY NOT NULL CHECK (slot BETWEEN 0 AND 65535),
  key TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- A session takes its spent tokens along when it ends.
CREATE INDEX oauth_spent_family ON oauth_spent (family, spent_at);
CREATE TRIGGER oauth_session_out AFTER DELETE ON oauth_session BEGIN
  DELETE FROM oauth_spent WHERE family = old.family;
END;
CREATE INDEX oauth_session_did ON oauth_session (did);

-- A member is signed in on fifty browsers at most, and a browser on which nobody is signed in any more is forgotten.
CREATE INDEX oauth_device_account_did ON oauth_device_account (did);
CREATE TRIGGER oauth_device_account_in AFTER INSERT ON oauth_device_account BEGIN
  DELETE FROM oauth_device_account WHERE did = new.did AND device_id IN (
    SELECT device_id FROM oauth_device_account WHERE did = new.did
    ORDER BY signed_in_at DESC, device_id LIMIT -1 OFFSET 50);
END;
CREATE TRIGGER oauth_device_account_out AFTER DELETE ON oauth_device_account
WHEN NOT EXISTS (SELECT 1 FROM oauth_device_account WHERE device_id = old.device_id) BEGIN
  DELETE FROM oauth_device WHERE id = old.device_id;
END;

-- The Worker's recurring tasks, and when each was last begun (milliseconds of the Unix epoch).
CREATE TABLE host_task (
  name TEXT PRIMARY KEY NOT NULL,
  begun_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Everything that the directory knows of a member alone goes with the member.
DROP TRIGGER account_viewer_state_out;
CREATE TRIGGER account_out AFTER DELETE ON account BEGIN
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
END;
