-- The directory now notes what is half done (its table `unsettled`), and the sweep of the host takes it up.
ALTER TABLE account DROP COLUMN saga;
-- The handle that consumers were last told of; NULL: that of an older version, not noted.
ALTER TABLE account ADD COLUMN handle TEXT;
-- The mailbox that a code proves. A code holds only while that is the account's address.
ALTER TABLE email_token ADD COLUMN address TEXT;
