-- What mail went out, or failed: the newest, without addresses, subjects and texts. `failure`: why it was not sent; null: it
-- was. `did`: the member whom it went to; null: somebody else.
CREATE TABLE mail_log (
  id INTEGER PRIMARY KEY NOT NULL,
  at TEXT NOT NULL,
  kind TEXT NOT NULL,
  did TEXT,
  failure TEXT
);
CREATE TRIGGER account_mail_log_out AFTER DELETE ON account WHEN old.state <> 'reserved' BEGIN
  DELETE FROM mail_log WHERE did = old.did;
END;

-- The owners' own words for the host's mails, by language.
CREATE TABLE mail_text (
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (name, language)
) WITHOUT ROWID;
