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

-- One item a list and member, one block a list, one verification a subject: as with likes and follows, later ones wait
-- in `duplicate` until the first is gone.
CREATE TRIGGER list_item_again BEFORE INSERT ON list_item
WHEN EXISTS (SELECT 1 FROM list_item WHERE list = new.list AND subject = new.subject AND rkey <> new.rkey)
BEGIN
  INSERT OR REPLACE INTO duplicate (actor, collection, subject, rkey, cid, sort, indexed, rest)
    VALUES (substr(new.list, 6, instr(substr(new.list, 6), '/') - 1), 'app.bsky.graph.listitem',
      new.list || ' ' || new.subject, new.rkey, new.cid, new.sort, new.indexed,
      json_array(new.list, new.subject, new.record));
END;
CREATE TRIGGER list_item_next AFTER DELETE ON list_item BEGIN
  INSERT INTO list_item (list, subject, rkey, cid, sort, indexed, record)
    SELECT rest ->> 0, rest ->> 1, rkey, cid, sort, indexed, rest ->> 2
    FROM duplicate
    WHERE actor = substr(old.list, 6, instr(substr(old.list, 6), '/') - 1) AND collection = 'app.bsky.graph.listitem'
      AND subject = old.list || ' ' || old.subject
    ORDER BY indexed, rkey LIMIT 1;
  DELETE FROM duplicate
    WHERE actor = substr(old.list, 6, instr(substr(old.list, 6), '/') - 1) AND collection = 'app.bsky.graph.listitem'
      AND subject = old.list || ' ' || old.subject
      AND rkey = (SELECT rkey FROM list_item WHERE list = old.list AND subject = old.subject);
END;

CREATE TRIGGER list_block_again BEFORE INSERT ON list_block
WHEN EXISTS (SELECT 1 FROM list_block WHERE actor = new.actor AND list = new.list AND rkey <> new.rkey)
BEGIN
  INSERT OR REPLACE INTO duplicate (actor, collection, subject, rkey, cid, sort, indexed, rest)
    VALUES (new.actor, 'app.bsky.graph.listblock', new.list, new.rkey, new.cid, new.sort, new.indexed,
      json_array(new.record));
END;
CREATE TRIGGER list_block_next AFTER DELETE ON list_block BEGIN
  INSERT INTO list_block (actor, list, rkey, cid, sort, indexed, record)
    SELECT actor, subject, rkey, cid, sort, indexed, rest ->> 0
    FROM duplicate
    WHERE actor = old.actor AND collection = 'app.bsky.graph.listblock' AND subject = old.list
    ORDER BY indexed, rkey LIMIT 1;
  DELETE FROM duplicate
    WHERE actor = old.actor AND collection = 'app.bsky.graph.listblock' AND subject = old.list
      AND rkey = (SELECT rkey FROM list_block WHERE actor = old.actor AND list = old.list);
END;

CREATE TRIGGER verification_again BEFORE INSERT ON verification
WHEN EXISTS (SELECT 1 FROM verification WHERE subject = new.subject AND issuer = new.issuer AND rkey <> new.rkey)
BEGIN
  INSERT OR REPLACE INTO duplicate (actor, collection, subject, rkey, cid, sort, indexed, rest)
    VALUES (new.issuer, 'app.bsky.graph.verification', new.subject, new.rkey, new.cid, new.sort, new.indexed,
      json_array(new.handle, new.display_name, new.record));
END;
CREATE TRIGGER verification_next AFTER DELETE ON verification BEGIN
  INSERT INTO verification (subject, issuer, rkey, cid, sort, indexed, handle, display_name, record)
    SELECT subject, actor, rkey, cid, sort, indexed, rest ->> 0, rest ->> 1, rest ->> 2
    FROM duplicate
    WHERE actor = old.issuer AND collection = 'app.bsky.graph.verification' AND subject = old.subject
    ORDER BY indexed, rkey LIMIT 1;
  DELETE FROM duplicate
    WHERE actor = old.issuer AND collection = 'app.bsky.graph.verification' AND subject = old.subject
      AND rkey = (SELECT rkey FROM verification WHERE subject = old.subject AND issuer = old.issuer);
END;
