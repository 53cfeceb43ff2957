-- The AppView's index: wholly derived from the repos of this host (takedown and label apart, which moderation owns), so
-- it may be dropped and rebuilt.
--
-- Rows written are the bill. So: natural keys, WITHOUT ROWID; an index only where a rare scan cannot replace it; one row
-- a record. What a row's arrival or departure changes elsewhere (counts, feed entries, gates, notifications withdrawn)
-- is done by triggers, so that it holds whichever path wrote the row: live event, backfill, rebuild or purge.
-- Instants are milliseconds of the Unix epoch. `sort` is min(createdAt, indexed); `indexed` is the time of the rev that
-- wrote the record, so that a rebuild gives the same rows. CIDs are text, because D1 hands blobs back as number arrays.

-- The guard: each batch begins by moving seq from the value it expects, else fails on NOT NULL and is rolled back.
CREATE TABLE cursor (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL
);
INSERT INTO cursor (id, seq) VALUES (1, 0);

-- Events that no batch could hold: set aside, shown in /status, never in the way.
CREATE TABLE poison (
  seq INTEGER PRIMARY KEY,
  did TEXT,
  error TEXT NOT NULL,
  -- the event's frame, base64
  frame TEXT NOT NULL,
  at INTEGER NOT NULL
);

-- Everyone who lives here, and everyone whom a record here mentions (those have `known` null).
CREATE TABLE actor (
  did TEXT PRIMARY KEY NOT NULL,
  -- null: none that resolves both ways
  handle TEXT,
  -- time of the last #identity that named it, or of the first event of it
  known INTEGER,
  -- null: active; else deactivated, suspended, takendown
  status TEXT,
  -- time of the rev of their newest post or follow: kept here since those write this row anyway
  written INTEGER,
  -- rev at which the repo was backfilled last
  backfilled TEXT,
  trusted_verifier INTEGER NOT NULL DEFAULT 0,
  -- app.bsky.actor.profile/self, JSON
  profile TEXT,
  profile_cid TEXT,
  profile_sort INTEGER,
  profile_indexed INTEGER,
  -- starter pack URI of that profile
  joined_via TEXT,
  -- the other records with key `self` that a profile view shows: JSON, by short name (selves.ts)
  selves TEXT,
  followers INTEGER NOT NULL DEFAULT 0,
  follows INTEGER NOT NULL DEFAULT 0,
  posts INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX actor_handle ON actor (handle) WHERE handle IS NOT NULL;
CREATE INDEX actor_joined_via ON actor (joined_via) WHERE joined_via IS NOT NULL;

-- rowid: a hash of the DID.
CREATE VIRTUAL TABLE actor_search USING fts5 (
  handle, name, did UNINDEXED,
  content = '', contentless_delete = 1, contentless_unindexed = 1,
  prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE post (
  uri TEXT PRIMARY KEY NOT NULL,
  author TEXT NOT NULL,
  cid TEXT NOT NULL,
  record TEXT NOT NULL,
  sort INTEGER NOT NULL,
  indexed INTEGER NOT NULL,
  parent TEXT,
  root TEXT,
  -- the record embedded, whatever its collection, and again when it is a post
  embed TEXT,
  quoted TEXT,
  -- 1 reply, 2 image, 4 video, 8 reply in a thread of its own author
  flags INTEGER NOT NULL,
  violates_gate INTEGER NOT NULL DEFAULT 0,
  violates_embed INTEGER NOT NULL DEFAULT 0,
  likes INTEGER NOT NULL DEFAULT 0,
  reposts INTEGER NOT NULL DEFAULT 0,
  replies INTEGER NOT NULL DEFAULT 0,
  quotes INTEGER NOT NULL DEFAULT 0,
  bookmarks INTEGER NOT NULL DEFAULT 0,
  -- 21 bits of a hash of the URI
  tie INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX post_parent ON post (parent, sort) WHERE parent IS NOT NULL;
CREATE INDEX post_quoted ON post (quoted, sort, cid) WHERE quoted IS NOT NULL;

-- rowid: sort * 2^21 + tie, so that rowid order is time order and a post finds its entry without another key. `terms`
-- holds what search operators ask for (search-terms.ts).
CREATE VIRTUAL TABLE post_search USING fts5 (
  text, terms, uri UNINDEXED,
  content = '', contentless_delete = 1, contentless_unindexed = 1,
  tokenize = 'unicode61 remove_diacritics 2'
);

-- Posts and reposts by whoever put them into followers' timelines.
CREATE TABLE feed_item (
  actor TEXT NOT NULL,
  sort INTEGER NOT NULL,
  cid TEXT NOT NULL,
  rkey TEXT NOT NULL,
  -- the post reposted; null: the item is a post itself
  subject TEXT,
  -- of a post: as its row's; of a repost: 16 while the post is not here
  flags INTEGER NOT NULL,
  PRIMARY KEY (actor, sort, cid, rkey)
) WITHOUT ROWID;
-- Reposts by time, for who follows too many to look at each; posts are found by time in post_search.
CREATE INDEX feed_item_reposts ON feed_item (sort, cid) WHERE subject IS NOT NULL;

-- One like, repost, follow or block an actor and subject; later ones wait in `duplicate`. The record is put together from
-- the columns when it is shown; `record` holds it only where it carries more than they do.
CREATE TABLE "like" (
  subject TEXT NOT NULL,
  actor TEXT NOT NULL,
  rkey TEXT NOT NULL,
  cid TEXT NOT NULL,
  sort INTEGER NOT NULL,
  indexed INTEGER NOT NULL,
  subject_cid TEXT NOT NULL,
  created TEXT NOT NULL,
  via TEXT,
  via_cid TEXT,
  record TEXT,
  PRIMARY KEY (subject, actor)
) WITHOUT ROWID;
CREATE INDEX like_actor ON "like" (actor, sort, cid, rkey);

CREATE TABLE repost (
  subject TEXT NOT NULL,
  actor TEXT NOT NULL,
  rkey TEXT NOT NULL,
  cid TEXT NOT NULL,
  sort INTEGER NOT NULL,
  indexed INTEGER NOT NULL,
  subject_cid TEXT NOT NULL,
  created TEXT NOT NULL,
  via TEXT,
  via_cid TEXT,
  record TEXT,
  PRIMARY KEY (subject, actor)
) WITHOUT ROWID;

CREATE TABLE follow (
  actor TEXT NOT NULL,
  subject TEXT NOT NULL,
  rkey TEXT NOT NULL,
  cid TEXT NOT NULL,
  sort INTEGER NOT NULL,
  indexed INTEGER NOT NULL,
  created TEXT NOT NULL,
  via TEXT,
  via_cid TEXT,
  record TEXT,
  PRIMARY KEY (actor, subject)
) WITHOUT ROWID;
CREATE INDEX follow_subject ON follow (subject, sort, cid);

CREATE TABLE block (
  actor TEXT NOT NULL,
  subject TEXT NOT NULL,
  rkey TEXT NOT NULL,
  cid TEXT NOT NULL,
  sort INTEGER NOT NULL,
  indexed INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (actor, subject)
) WITHOUT ROWID;

CREATE TABLE list_block (
  actor TEXT NOT NULL,
  list TEXT NOT NULL,
  rkey TEXT NOT NULL,
  cid TEXT NOT NULL,
  sort INTEGER NOT NULL,
  indexed INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (actor, list)
) WITHOUT ROWID;

CREATE TABLE list_item (
  list TEXT NOT NULL,
  subject TEXT NOT NULL,
  rkey TEXT NOT NULL,
  cid TEXT NOT NULL,
  sort INTEGER NOT NULL,
  indexed INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (list, subject)
) WITHOUT ROWID;

CREATE TABLE verification (
  subject TEXT NOT NULL,
  issuer TEXT NOT NULL,
  rkey TEXT NOT NULL,
  cid TEXT NOT NULL,
  sort INTEGER NOT NULL,
  indexed INTEGER NOT NULL,
  handle TEXT NOT NULL,
  display_name TEXT NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (subject, issuer)
) WITHOUT ROWID;

CREATE TABLE duplicate (
  actor TEXT NOT NULL,
  collection TEXT NOT NULL,
  subject TEXT NOT NULL,
  rkey TEXT NOT NULL,
  cid TEXT NOT NULL,
  sort INTEGER NOT NULL,
  indexed INTEGER NOT NULL,
  -- the other columns of the row, a JSON array in their order
  rest TEXT NOT NULL,
  PRIMARY KEY (actor, collection, subject, rkey)
) WITHOUT ROWID;

-- Everything else: lists, gates, feed generators, labelers, starter packs, and the records with key `self`.
CREATE TABLE record (
  uri TEXT PRIMARY KEY NOT NULL,
  did TEXT NOT NULL,
  collection TEXT NOT NULL,
  cid TEXT NOT NULL,
  record TEXT NOT NULL,
  sort INTEGER NOT NULL,
  indexed INTEGER NOT NULL,
  likes INTEGER NOT NULL DEFAULT 0,
  items INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX record_listed ON record (collection, sort)
  WHERE collection IN ('app.bsky.feed.generator', 'app.bsky.graph.starterpack', 'app.bsky.labeler.service');

CREATE TABLE notification (
  did TEXT NOT NULL,
  sort INTEGER NOT NULL,
  uri TEXT NOT NULL,
  reason TEXT NOT NULL,
  subject TEXT,
  author TEXT NOT NULL,
  indexed INTEGER NOT NULL,
  PRIMARY KEY (did, sort, uri, reason)
) WITHOUT ROWID;

-- Moderation's own, kept over a rebuild. `subject`: a DID, a record's URI, or `did/cid` of a blob.
CREATE TABLE takedown (
  subject TEXT PRIMARY KEY NOT NULL,
  ref TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE label (
  uri TEXT NOT NULL,
  src TEXT NOT NULL,
  val TEXT NOT NULL,
  cid TEXT NOT NULL DEFAULT '',
  cts TEXT NOT NULL,
  exp TEXT,
  PRIMARY KEY (uri, src, val, cid)
) WITHOUT ROWID;

-- ------------------------------------------------------------------------------------------------ posts

CREATE TRIGGER post_in AFTER INSERT ON post BEGIN
  INSERT INTO actor (did, posts, written) VALUES (new.author, 1, new.indexed)
    ON CONFLICT (did) DO UPDATE SET posts = posts + 1, written = max(coalesce(written, 0), excluded.written);
  INSERT INTO feed_item (actor, sort, cid, rkey, subject, flags)
    VALUES (new.author, new.sort, new.cid, substr(new.uri, length(new.author) + 26), NULL, new.flags);
  UPDATE feed_item SET flags = 0 WHERE (actor, sort, cid, rkey) IN (
    SELECT actor, sort, cid, rkey FROM repost WHERE subject = new.uri);
  -- A reply that the thread's gate refuses (app.bsky.feed.threadgate): decided once, as things stood when it was written,
  -- so that a rebuild, which knows what came later, decides alike.
  UPDATE post SET violates_gate = 1
    WHERE uri = new.uri AND new.root IS NOT NULL AND EXISTS (
      SELECT 1 FROM record AS gate
      WHERE gate.uri = replace(new.root, '/app.bsky.feed.post/', '/app.bsky.feed.threadgate/')
        AND gate.did <> new.author AND gate.sort <= new.indexed
        AND json_type(gate.record, '$.allow') = 'array'
        AND NOT EXISTS (
          SELECT 1 FROM json_each(gate.record, '$.allow') AS rule
          WHERE CASE json_extract(rule.value, '$."$type"')
            WHEN 'app.bsky.feed.threadgate#mentionRule' THEN EXISTS (
              SELECT 1 FROM post AS top, json_each(top.record, '$.facets') AS facet,
                json_each(facet.value, '$.features') AS feature
              WHERE top.uri = new.root AND json_extract(feature.value, '$.did') = new.author)
            WHEN 'app.bsky.feed.threadgate#followerRule' THEN EXISTS (
              SELECT 1 FROM follow WHERE actor = new.author AND subject = gate.did AND sort <= new.indexed)
            WHEN 'app.bsky.feed.threadgate#followingRule' THEN EXISTS (
              SELECT 1 FROM follow WHERE actor = gate.did AND subject = new.author AND sort <= new.indexed)
            WHEN 'app.bsky.feed.threadgate#listRule' THEN EXISTS (
              SELECT 1 FROM list_item
              WHERE list = json_extract(rule.value, '$.list') AND subject = new.author AND sort <= new.indexed)
            ELSE 0 END));
  -- A quote that the quoted post's gate refuses (app.bsky.feed.postgate).
  UPDATE post SET violates_embed = 1
    WHERE uri = new.uri AND new.quoted IS NOT NULL AND EXISTS (
      SELECT 1 FROM record AS gate, json_each(gate.record, '$.embeddingRules') AS rule
      WHERE gate.uri = replace(new.quoted, '/app.bsky.feed.post/', '/app.bsky.feed.postgate/')
        AND gate.did <> new.author AND gate.sort <= new.indexed
        AND json_extract(rule.value, '$."$type"') = 'app.bsky.feed.postgate#disableRule');
  UPDATE post SET replies = replies + 1
    WHERE uri = new.parent AND 0 = (SELECT violates_gate FROM post WHERE uri = new.uri);
  UPDATE post SET quotes = quotes + 1 WHERE uri = new.quoted;
  -- What came before the post itself.
  UPDATE post SET
      likes = (SELECT count(*) FROM "like" WHERE subject = new.uri),
      reposts = (SELECT count(*) FROM repost WHERE subject = new.uri),
      replies = (SELECT count(*) FROM post WHERE parent = new.uri AND violates_gate = 0),
      quotes = (SELECT count(*) FROM post WHERE quoted = new.uri)
    WHERE uri = new.uri AND (
      EXISTS (SELECT 1 FROM "like" WHERE subject = new.uri)
      OR EXISTS (SELECT 1 FROM repost WHERE subject = new.uri)
      OR EXISTS (SELECT 1 FROM post WHERE parent = new.uri)
      OR EXISTS (SELECT 1 FROM post WHERE quoted = new.uri));
END;

CREATE TRIGGER post_out AFTER DELETE ON post BEGIN
  UPDATE actor SET posts = posts - 1 WHERE did = old.author;
  DELETE FROM feed_item
    WHERE actor = old.author AND sort = old.sort AND cid = old.cid
      AND rkey = substr(old.uri, length(old.author) + 26);
  UPDATE feed_item SET flags = 16 WHERE (actor, sort, cid, rkey) IN (
    SELECT actor, sort, cid, rkey FROM repost WHERE subject = old.uri);
  DELETE FROM post_search WHERE rowid = max(old.sort, 0) * 2097152 + old.tie;
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

-- ------------------------------------------------------------------------------------------------ likes, reposts

CREATE TRIGGER like_again BEFORE INSERT ON "like"
WHEN EXISTS (SELECT 1 FROM "like" WHERE subject = new.subject AND actor = new.actor AND rkey <> new.rkey)
BEGIN
  INSERT OR REPLACE INTO duplicate (actor, collection, subject, rkey, cid, sort, indexed, rest)
    VALUES (new.actor, 'app.bsky.feed.like', new.subject, new.rkey, new.cid, new.sort, new.indexed,
      json_array(new.subject_cid, new.created, new.via, new.via_cid, new.record));
END;
CREATE TRIGGER like_in AFTER INSERT ON "like" BEGIN
  UPDATE post SET likes = likes + 1 WHERE uri = new.subject;
  UPDATE record SET likes = likes + 1 WHERE uri = new.subject;
END;
CREATE TRIGGER like_out AFTER DELETE ON "like" BEGIN
  UPDATE post SET likes = likes - 1 WHERE uri = old.subject;
  UPDATE record SET likes = likes - 1 WHERE uri = old.subject;
  DELETE FROM notification
    WHERE sort = old.sort AND uri = 'at://' || old.actor || '/app.bsky.feed.like/' || old.rkey
      AND did IN (substr(old.subject, 6, instr(substr(old.subject, 6), '/') - 1),
        substr(old.via, 6, instr(substr(old.via, 6), '/') - 1));
  INSERT INTO "like" (subject, actor, rkey, cid, sort, indexed, subject_cid, created, via, via_cid, record)
    SELECT subject, actor, rkey, cid, sort, indexed, rest ->> 0, rest ->> 1, rest ->> 2, rest ->> 3, rest ->> 4
    FROM duplicate
    WHERE actor = old.actor AND collection = 'app.bsky.feed.like' AND subject = old.subject
    ORDER BY indexed, rkey LIMIT 1;
  DELETE FROM duplicate
    WHERE actor = old.actor AND collection = 'app.bsky.feed.like' AND subject = old.subject
      AND rkey = (SELECT rkey FROM "like" WHERE subject = old.subject AND actor = old.actor);
END;

CREATE TRIGGER repost_again BEFORE INSERT ON repost
WHEN EXISTS (SELECT 1 FROM repost WHERE subject = new.subject AND actor = new.actor AND rkey <> new.rkey)
BEGIN
  INSERT OR REPLACE INTO duplicate (actor, collection, subject, rkey, cid, sort, indexed, rest)
    VALUES (new.actor, 'app.bsky.feed.repost', new.subject, new.rkey, new.cid, new.sort, new.indexed,
      json_array(new.subject_cid, new.created, new.via, new.via_cid, new.record));
END;
CREATE TRIGGER repost_in AFTER INSERT ON repost BEGIN
  UPDATE post SET reposts = reposts + 1 WHERE uri = new.subject;
  INSERT INTO feed_item (actor, sort, cid, rkey, subject, flags)
    VALUES (new.actor, new.sort, new.cid, new.rkey, new.subject,
      CASE WHEN EXISTS (SELECT 1 FROM post WHERE uri = new.subject) THEN 0 ELSE 16 END);
END;
CREATE TRIGGER repost_out AFTER DELETE ON repost BEGIN
  UPDATE post SET reposts = reposts - 1 WHERE uri = old.subject;
  DELETE FROM feed_item WHERE actor = old.actor AND sort = old.sort AND cid = old.cid AND rkey = old.rkey;
  DELETE FROM notification
    WHERE sort = old.sort AND uri = 'at://' || old.actor || '/app.bsky.feed.repost/' || old.rkey
      AND did IN (substr(old.subject, 6, instr(substr(old.subject, 6), '/') - 1),
        substr(old.via, 6, instr(substr(old.via, 6), '/') - 1));
  INSERT INTO repost (subject, actor, rkey, cid, sort, indexed, subject_cid, created, via, via_cid, record)
    SELECT subject, actor, rkey, cid, sort, indexed, rest ->> 0, rest ->> 1, rest ->> 2, rest ->> 3, rest ->> 4
    FROM duplicate
    WHERE actor = old.actor AND collection = 'app.bsky.feed.repost' AND subject = old.subject
    ORDER BY indexed, rkey LIMIT 1;
  DELETE FROM duplicate
    WHERE actor = old.actor AND collection = 'app.bsky.feed.repost' AND subject = old.subject
      AND rkey = (SELECT rkey FROM repost WHERE subject = old.subject AND actor = old.actor);
END;

-- ------------------------------------------------------------------------------------------------ graph

CREATE TRIGGER follow_again BEFORE INSERT ON follow
WHEN EXISTS (SELECT 1 FROM follow WHERE actor = new.actor AND subject = new.subject AND rkey <> new.rkey)
BEGIN
  INSERT OR REPLACE INTO duplicate (actor, collection, subject, rkey, cid, sort, indexed, rest)
    VALUES (new.actor, 'app.bsky.graph.follow', new.subject, new.rkey, new.cid, new.sort, new.indexed,
      json_array(new.created, new.via, new.via_cid, new.record));
END;
CREATE TRIGGER follow_in AFTER INSERT ON follow BEGIN
  INSERT INTO actor (did, follows, written) VALUES (new.actor, 1, new.indexed)
    ON CONFLICT (did) DO UPDATE SET follows = follows + 1, written = max(coalesce(written, 0), excluded.written);
  INSERT INTO actor (did, followers) VALUES (new.subject, 1)
    ON CONFLICT (did) DO UPDATE SET followers = followers + 1;
END;
CREATE TRIGGER follow_out AFTER DELETE ON follow BEGIN
  UPDATE actor SET follows = follows - 1 WHERE did = old.actor;
  UPDATE actor SET followers = followers - 1 WHERE did = old.subject;
  DELETE FROM notification
    WHERE did = old.subject AND sort = old.sort
      AND uri = 'at://' || old.actor || '/app.bsky.graph.follow/' || old.rkey;
  INSERT INTO follow (actor, subject, rkey, cid, sort, indexed, created, via, via_cid, record)
    SELECT actor, subject, rkey, cid, sort, indexed, rest ->> 0, rest ->> 1, rest ->> 2, rest ->> 3
    FROM duplicate
    WHERE actor = old.actor AND collection = 'app.bsky.graph.follow' AND subject = old.subject
    ORDER BY indexed, rkey LIMIT 1;
  DELETE FROM duplicate
    WHERE actor = old.actor AND collection = 'app.bsky.graph.follow' AND subject = old.subject
      AND rkey = (SELECT rkey FROM follow WHERE actor = old.actor AND subject = old.subject);
END;

CREATE TRIGGER block_again BEFORE INSERT ON block
WHEN EXISTS (SELECT 1 FROM block WHERE actor = new.actor AND subject = new.subject AND rkey <> new.rkey)
BEGIN
  INSERT OR REPLACE INTO duplicate (actor, collection, subject, rkey, cid, sort, indexed, rest)
    VALUES (new.actor, 'app.bsky.graph.block', new.subject, new.rkey, new.cid, new.sort, new.indexed,
      json_array(new.record));
END;
CREATE TRIGGER block_out AFTER DELETE ON block BEGIN
  INSERT INTO block (actor, subject, rkey, cid, sort, indexed, record)
    SELECT actor, subject, rkey, cid, sort, indexed, rest ->> 0
    FROM duplicate
    WHERE actor = old.actor AND collection = 'app.bsky.graph.block' AND subject = old.subject
    ORDER BY indexed, rkey LIMIT 1;
  DELETE FROM duplicate
    WHERE actor = old.actor AND collection = 'app.bsky.graph.block' AND subject = old.subject
      AND rkey = (SELECT rkey FROM block WHERE actor = old.actor AND subject = old.subject);
END;

CREATE TRIGGER list_item_in AFTER INSERT ON list_item BEGIN
  UPDATE record SET items = items + 1 WHERE uri = new.list;
END;
CREATE TRIGGER list_item_out AFTER DELETE ON list_item BEGIN
  UPDATE record SET items = items - 1 WHERE uri = old.list;
END;

-- What came before the list, generator, labeler or starter pack itself.
CREATE TRIGGER record_in AFTER INSERT ON record BEGIN
  UPDATE record SET
      likes = (SELECT count(*) FROM "like" WHERE subject = new.uri),
      items = (SELECT count(*) FROM list_item WHERE list = new.uri)
    WHERE uri = new.uri AND (
      EXISTS (SELECT 1 FROM "like" WHERE subject = new.uri)
      OR EXISTS (SELECT 1 FROM list_item WHERE list = new.uri));
END;
