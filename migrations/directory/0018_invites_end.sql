-- Who is gone invites nobody: unused codes of a deleted member go with them, and what is left of the others is void.
CREATE TRIGGER account_invites_out AFTER DELETE ON account WHEN old.state <> 'reserved' BEGIN
  DELETE FROM invite_code WHERE for_account = old.did AND for_account <> 'admin'
    AND NOT EXISTS (SELECT 1 FROM invite_use WHERE code = invite_code.code);
  UPDATE invite_code SET disabled = 1 WHERE for_account = old.did AND for_account <> 'admin' AND disabled = 0;
END;
-- Those who are gone already.
DELETE FROM invite_code WHERE for_account = created_by AND for_account <> 'admin'
  AND NOT EXISTS (SELECT 1 FROM account WHERE did = for_account)
  AND NOT EXISTS (SELECT 1 FROM invite_use WHERE code = invite_code.code);
