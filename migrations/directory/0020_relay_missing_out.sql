-- Who is gone is missed by no relay.
CREATE TRIGGER account_relay_missing_out AFTER DELETE ON account WHEN old.state <> 'reserved' BEGIN
  DELETE FROM relay_missing WHERE did = old.did;
END;
