-- When all of a member's sessions were ended, in seconds of the Unix epoch, as tokens count time. Access tokens issued
-- before that no longer open the account's own settings. NULL: never.
ALTER TABLE account ADD COLUMN sessions_ended_at INTEGER;
