-- Domains to which posts may not link, subdomains included: who links there is not shown by this host.
CREATE TABLE blocked_link (
  domain TEXT PRIMARY KEY NOT NULL,
  blocked_by TEXT NOT NULL,
  blocked_at TEXT NOT NULL
) WITHOUT ROWID;
