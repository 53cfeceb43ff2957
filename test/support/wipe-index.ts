/** Empties what the index derives from records. Duplicates go first, or they would be promoted. */
const TABLES =
  "duplicate like repost follow block list_block list_item verification post record feed_item notification";

export const wipeIndex = (db: D1Database): Promise<unknown> =>
  db.batch(
    [
      ...TABLES.split(" ").map((table) => `DELETE FROM "${table}"`),
      "INSERT INTO post_search (post_search) VALUES ('delete-all')",
      "INSERT INTO actor_search (actor_search) VALUES ('delete-all')",
      `UPDATE actor SET profile = NULL, profile_cid = NULL, profile_sort = NULL, profile_indexed = NULL,
        joined_via = NULL, selves = NULL, name = NULL, slot = NULL, written = NULL`,
    ].map((sql) => db.prepare(sql)),
  );
