/** Accounts by handle or DID, and their followers that the viewer knows. */
import type { Did } from "@atcute/lexicons";

const names = (ids: readonly string[]): string =>
  JSON.stringify(ids.map((id) => (id.startsWith("did:") ? id : id.toLowerCase())));

/** ?1 DIDs and handles: `did` of each, in order; null for a handle that nobody has. */
const NAMED = `named (place, did) AS MATERIALIZED (
  SELECT key, CASE WHEN value LIKE 'did:%' THEN value ELSE (SELECT did FROM actor WHERE handle = value) END
  FROM json_each(?1))`;

export const selectNamed = (db: D1Database, ids: readonly string[]): D1PreparedStatement =>
  db
    .prepare(
      `WITH ${NAMED} SELECT n.did, a.joined_via, a.known IS NOT NULL AS shown, a.home, a.checked, a.status FROM named AS n LEFT JOIN actor AS a ON a.did = n.did ORDER BY n.place`,
    )
    .bind(names(ids));

/**
 * The accounts that the viewer (?2) follows and that follow each account, the viewer's oldest follows first.
 * Reads the shorter list: the viewer's follows or the account's followers.
 */
const KNOWN = `WITH ${NAMED},
  sides AS MATERIALIZED (
    SELECT n.did, a.followers < (SELECT follows FROM actor WHERE did = ?2) AS popular_less
    FROM named AS n JOIN actor AS a ON a.did = n.did)
  SELECT did, known FROM (
    SELECT s.did AS did, mine.subject AS known, mine.sort AS sort
    FROM sides AS s CROSS JOIN follow AS theirs INDEXED BY follow_subject CROSS JOIN follow AS mine
    WHERE s.popular_less AND theirs.subject = s.did AND mine.actor = ?2 AND mine.subject = theirs.actor
    UNION ALL
    SELECT s.did, mine.subject, mine.sort
    FROM sides AS s CROSS JOIN follow AS mine CROSS JOIN follow AS theirs
    WHERE NOT s.popular_less AND mine.actor = ?2 AND theirs.actor = mine.subject AND theirs.subject = s.did)
  ORDER BY did, sort, known`;

export const knownFollowersOf = (db: D1Database, viewer: Did, ids: readonly string[]): D1PreparedStatement =>
  db.prepare(KNOWN).bind(names(ids), viewer);
