-- The directory's blocked domains. A post that links to one has a takedown, whose `ref` is `blocked link <domain>`.
CREATE TABLE blocked_link (
  domain TEXT PRIMARY KEY NOT NULL
) WITHOUT ROWID;
CREATE INDEX takedown_link ON takedown (ref) WHERE ref >= 'blocked link ' AND ref < 'blocked link!';
