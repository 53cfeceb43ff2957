-- The words that posts are found by, in their order: a search for words that begin alike looks up which there are.
CREATE VIRTUAL TABLE post_word USING fts5vocab (post_search, instance);
