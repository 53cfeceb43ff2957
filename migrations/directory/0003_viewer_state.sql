-- How many have bookmarked a post: counted when one more does.
CREATE INDEX bookmark_uri ON bookmark (uri);

-- What only a member saw goes with the member.
CREATE TRIGGER account_viewer_state_out AFTER DELETE ON account BEGIN
  DELETE FROM actor_mute WHERE did = old.did;
  DELETE FROM list_mute WHERE did = old.did;
  DELETE FROM thread_mute WHERE did = old.did;
  DELETE FROM bookmark WHERE did = old.did;
  DELETE FROM draft WHERE did = old.did;
  DELETE FROM notification_seen WHERE did = old.did;
  DELETE FROM notification_pref WHERE did = old.did;
  DELETE FROM activity_subscription WHERE did = old.did;
END;
