/** Skeletons of feed generator listings. */
import type { Did, ResourceUri } from "@atcute/lexicons";
import { folded } from "../../folding.ts";
import { GENERATOR } from "../../uris.ts";
import type { Cursor } from "../cursors.ts";
import { PUBLISHED_MOST } from "./bounds.ts";
import { owned } from "./lists.ts";
import { orderOf, pageOrder, pageValues } from "./page.ts";
import { LISTED } from "./records.ts";

export interface GeneratorRow {
  uri: ResourceUri;
  sort: number;
  cid: string;
  key: string;
}

/** One account's generators, newest first. */
export const selectGeneratorsOf = (
  db: D1Database,
  did: Did,
  cursor: Cursor,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT r.uri, r.sort, r.cid, r.uri AS key FROM ${owned(GENERATOR)} AS r
        WHERE ${pageOrder(orderOf("r", "r.uri"))}`,
    )
    .bind(did, ...pageValues(cursor, limit));

/**
 * The host's most liked generators; or, with a name, those whose name contains it (`?1`), newest first. Of
 * the host's newest, which are all that most hosts have.
 */
export const selectPopularGenerators = (
  db: D1Database,
  name: string,
  offset: number,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(
      `SELECT uri, sort, cid, uri AS key FROM (
          SELECT * FROM record INDEXED BY record_listed WHERE ${LISTED} AND collection = '${GENERATOR}'
          ORDER BY sort DESC LIMIT ${PUBLISHED_MOST})
        WHERE (?1 = '' OR instr(coalesce(name, lower(record ->> 'displayName')), ?1) > 0)
        ORDER BY ${name === "" ? "likes DESC, " : ""}sort DESC, cid DESC, uri DESC
        LIMIT ?2 OFFSET ?3`,
    )
    .bind(folded(name), limit + 1, offset);
