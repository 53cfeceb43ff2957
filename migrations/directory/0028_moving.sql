-- Lists of who moves in, and of who is switched off or moves out: an account that was never switched on has been off
-- since it was made. Earlier ones noted the moment at which they were listed, within seconds.
UPDATE account SET deactivated_at = created_at
  WHERE state = 'deactivated'
    AND (deactivated_at IS NULL OR julianday(deactivated_at) - julianday(created_at) < 60.0 / 86400);
DROP INDEX account_off;
CREATE INDEX account_moving_in ON account (created_at, did)
  WHERE state = 'deactivated' AND deactivated_at = created_at;
CREATE INDEX account_moving_out ON account (created_at, did)
  WHERE state = 'deactivated' AND deactivated_at > created_at;
