-- Requests to join, where new members are approved. None is an account yet: no DID, no object. The handle is held
-- while the request waits, and once it is approved, until it ends.
CREATE TABLE join_request (
  id INTEGER PRIMARY KEY,
  -- of the key that opens the page where the applicant sees how it stands
  key_digest TEXT UNIQUE NOT NULL,
  handle TEXT NOT NULL,
  -- null once they joined: then the account has it
  email TEXT,
  reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'joined')),
  asked_at TEXT NOT NULL,
  -- when the row goes; null once they joined: then it stays as long as the account
  ends_at TEXT,
  decided_by TEXT,
  decided_at TEXT,
  -- what was said to them with the decision
  word TEXT,
  -- the invite with which an approved applicant signs up
  code TEXT UNIQUE,
  did TEXT
);
CREATE UNIQUE INDEX join_request_handle ON join_request (handle) WHERE state IN ('waiting', 'approved');
CREATE UNIQUE INDEX join_request_email ON join_request (email) WHERE state IN ('waiting', 'approved');
CREATE INDEX join_request_state ON join_request (state, id);
CREATE INDEX join_request_ends ON join_request (ends_at) WHERE ends_at IS NOT NULL;
CREATE INDEX join_request_did ON join_request (did) WHERE did IS NOT NULL;

-- Nobody else takes a handle that is held: whichever way they come by it, it is taken.
CREATE TRIGGER join_request_holds BEFORE INSERT ON account
WHEN EXISTS (SELECT 1 FROM join_request WHERE handle = new.handle AND state IN ('waiting', 'approved')
  AND coalesce(code, '') <> coalesce(new.invite_code, '-') AND email IS NOT new.email) BEGIN
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: account.handle');
END;
CREATE TRIGGER join_request_holds_still BEFORE UPDATE OF handle ON account
WHEN new.handle <> old.handle AND EXISTS (SELECT 1 FROM join_request
  WHERE handle = new.handle AND state IN ('waiting', 'approved')) BEGIN
  SELECT RAISE(ABORT, 'UNIQUE constraint failed: account.handle');
END;

-- Who came in by the approval has joined. Who came in another way, with the same address, needs none.
CREATE TRIGGER join_request_joined AFTER UPDATE OF state ON account
WHEN old.state = 'reserved' AND new.state IN ('active', 'deactivated') BEGIN
  UPDATE join_request SET state = 'joined', did = new.did, email = NULL, ends_at = NULL WHERE code = new.invite_code;
  DELETE FROM join_request WHERE email = new.email AND state IN ('waiting', 'approved');
END;
-- With the request goes an invite that nobody used.
CREATE TRIGGER join_request_out AFTER DELETE ON join_request WHEN old.state = 'approved' BEGIN
  UPDATE invite_code SET disabled = 1 WHERE code = old.code;
END;
CREATE TRIGGER account_join_request_out AFTER DELETE ON account WHEN old.state <> 'reserved' BEGIN
  DELETE FROM join_request WHERE did = old.did;
END;
