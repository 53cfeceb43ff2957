-- The directory's blocked domains. A post that links to one has a takedown, whose `ref` is `blocked link <domain>`.
CREATE TABLE blocked_link (
  domain TEXT PRIMARY KEY NOT NULL
) WITHOUT ROWID;
CREATE INDEX takedown_link ON takedown (ref) WHERE ref >= 'blocked link ' AND ref < 'blocked link!';
-- It ends with the post: the row goes when the post is deleted, or replaced by another version.
CREATE TRIGGER post_unlinked AFTER DELETE ON post BEGIN
  DELETE FROM takedown WHERE subject = old.uri AND ref >= 'blocked link ' AND ref < 'blocked link!';
END;
