-- Who came by an invite, the newest first, a page at a time.
CREATE INDEX invite_use_at ON invite_use (code, used_at, used_by);
