-- What the pages of /admin read. Each index serves one list, so that a page reads as many rows as it shows.
CREATE INDEX account_created ON account (created_at, did);
CREATE INDEX account_taken_down ON account (created_at, did) WHERE takedown IS NOT NULL;
CREATE INDEX account_off ON account (created_at, did) WHERE state = 'deactivated';
CREATE INDEX report_open ON report (created_at) WHERE state = 'open';
CREATE INDEX report_subject ON report (subject_did);
CREATE INDEX report_reporter ON report (reported_by);
CREATE INDEX audit_log_subject ON audit_log (subject) WHERE subject IS NOT NULL;

-- When a role's holder last looked, and when they did before that (ISO 8601).
ALTER TABLE role ADD COLUMN seen_at TEXT;
ALTER TABLE role ADD COLUMN seen_before TEXT;

-- Who of the moderators takes care of a report, and who passed it on to the owners: DIDs.
ALTER TABLE report ADD COLUMN assigned_to TEXT;
ALTER TABLE report ADD COLUMN escalated_by TEXT;
