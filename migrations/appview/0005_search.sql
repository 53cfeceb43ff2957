-- What the search finds, and how large records may be, changed: `rebuild` is told that the index must be derived anew. Until
-- it has been, what is there is served as it is.

-- Names as they are searched (folding.ts), and the account's row number in actor_search, which is nobody else's.
ALTER TABLE actor ADD COLUMN name TEXT;
ALTER TABLE actor ADD COLUMN slot INTEGER;
UPDATE actor SET slot = found.slot
  FROM (SELECT rowid AS slot, did FROM actor_search) AS found WHERE actor.did = found.did;
-- A search without a text lists the newest members first.
CREATE INDEX actor_newest ON actor (known, did) WHERE known IS NOT NULL AND handle IS NOT NULL;

-- The name of a feed or starter pack, as it is searched.
ALTER TABLE record ADD COLUMN name TEXT;

-- Row numbers of post_search (search-rows.ts): before 1970 `sort * 2^17 + tie`, from then on `sort * 2^21 + tie`. `tie` is no
-- hash any longer: posts of one instant are numbered as they come, and -1 is in no search.
DELETE FROM post_search WHERE rowid < 2097152;
UPDATE post SET tie = -1 WHERE sort < 0;
DROP TRIGGER post_out;
CREATE TRIGGER post_out AFTER DELETE ON post BEGIN
  UPDATE actor SET posts = posts - 1 WHERE did = old.author;
  DELETE FROM feed_item
    WHERE actor = old.author AND sort = old.sort AND cid = old.cid
      AND rkey = substr(old.uri, length(old.author) + 26);
  UPDATE feed_item SET flags = 16 WHERE (actor, sort, cid, rkey) IN (
    SELECT actor, sort, cid, rkey FROM repost WHERE subject = old.uri);
  DELETE FROM post_search
    WHERE rowid = old.sort * CASE WHEN old.sort < 0 THEN 131072 ELSE 2097152 END + old.tie AND old.tie >= 0;
  UPDATE post SET replies = replies - 1 WHERE uri = old.parent AND old.violates_gate = 0;
  UPDATE post SET quotes = quotes - 1 WHERE uri = old.quoted;
  DELETE FROM notification
    WHERE sort = old.sort AND uri = old.uri AND did IN (
      SELECT json_extract(feature.value, '$.did')
        FROM json_each(old.record, '$.facets') AS facet, json_each(facet.value, '$.features') AS feature
      UNION SELECT substr(old.quoted, 6, instr(substr(old.quoted, 6), '/') - 1)
      -- Parent and root may have gone by the same statement, and their rows with them.
      UNION SELECT substr(old.parent, 6, instr(substr(old.parent, 6), '/') - 1)
      UNION SELECT substr(old.root, 6, instr(substr(old.root, 6), '/') - 1)
      UNION SELECT author FROM (
        WITH RECURSIVE above (uri, height) AS (
          SELECT old.parent, 1
          UNION ALL SELECT post.parent, height + 1 FROM above JOIN post ON post.uri = above.uri WHERE height < 4)
        SELECT post.author AS author FROM above JOIN post ON post.uri = above.uri));
END;

INSERT INTO rebuild (id, phase, started)
  SELECT 1, 'wanted', 0 WHERE EXISTS (SELECT 1 FROM actor WHERE known IS NOT NULL)
  ON CONFLICT (id) DO UPDATE SET phase = 'wanted', did = '', done = 0, finished = NULL, error = NULL;
