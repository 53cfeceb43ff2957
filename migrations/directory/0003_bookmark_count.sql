-- How many have bookmarked a post: counted when one more does.
CREATE INDEX bookmark_uri ON bookmark (uri);
