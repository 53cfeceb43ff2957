-- How many have bookmarked a post: told by the directory, which knows who, and so kept over a rebuild, like `takedown`
-- and `label`. The post's own column follows it, whichever comes first.
CREATE TABLE bookmark_total (
  uri TEXT PRIMARY KEY NOT NULL,
  n INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER bookmark_total_in AFTER INSERT ON bookmark_total BEGIN
  UPDATE post SET bookmarks = new.n WHERE uri = new.uri;
END;
CREATE TRIGGER bookmark_total_changed AFTER UPDATE ON bookmark_total BEGIN
  UPDATE post SET bookmarks = new.n WHERE uri = new.uri;
END;
CREATE TRIGGER post_bookmarked AFTER INSERT ON post
WHEN EXISTS (SELECT 1 FROM bookmark_total WHERE uri = new.uri)
BEGIN
  UPDATE post SET bookmarks = (SELECT n FROM bookmark_total WHERE uri = new.uri) WHERE uri = new.uri;
END;
