/** The directory's rows of accounts that a backup holds. */
import type { Did } from "@atcute/lexicons";
import type { AccountEntry, Visit } from "./format.ts";

export interface KeptRow {
  did: Did;
  place: string | null;
  made: number | null;
  rev: string | null;
  visits: Visit[];
  bases: string[];
}

interface StoredRow {
  did: Did;
  place: string | null;
  made: number | null;
  rev: string | null;
  visits: string;
  bases: string;
}

const COLUMNS = "did, place, made, rev, visits, bases";

const asKept = ({ visits, bases, ...row }: StoredRow): KeptRow => ({
  ...row,
  visits: JSON.parse(visits) as Visit[],
  bases: JSON.parse(bases) as string[],
});

export async function findKept(database: D1Database, dids: readonly Did[]): Promise<Map<Did, KeptRow>> {
  const { results } = await database
    .prepare(`SELECT ${COLUMNS} FROM backup_account WHERE did IN (SELECT value FROM json_each(?1))`)
    .bind(JSON.stringify(dids))
    .all<StoredRow>();
  return new Map(results.map((row) => [row.did, asKept(row)]));
}

/** A mark that was made since the visit began stays. */
export async function keepRow(database: D1Database, row: KeptRow): Promise<void> {
  await database
    .prepare(
      `INSERT INTO backup_account (did, place, made, rev, visits, bases) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (did) DO UPDATE SET place = ?2, made = ?3, rev = ?4, visits = ?5, bases = ?6, gone = NULL`,
    )
    .bind(row.did, row.place, row.made, row.rev, JSON.stringify(row.visits), JSON.stringify(row.bases))
    .run();
}

/** The statement that takes the marks of accounts that are about to be visited, if the one before it changed a row. */
export const takingMarks = (database: D1Database, dids: readonly Did[]): D1PreparedStatement =>
  database
    .prepare(
      "UPDATE backup_account SET due = 0 WHERE changes() > 0 AND due = 1 AND did IN (SELECT value FROM json_each(?1))",
    )
    .bind(JSON.stringify(dids));

/** Notes which accounts a run no longer finds. */
export async function noteGone(database: D1Database, run: string): Promise<void> {
  await database
    .prepare(
      `UPDATE backup_account SET gone = ?1 WHERE gone IS NULL AND visits <> '[]' AND NOT EXISTS (
        SELECT 1 FROM account WHERE did = backup_account.did AND state IN ('active', 'deactivated'))`,
    )
    .bind(run)
    .run();
}

/** The accounts at a place after a DID, in order. */
export async function entriesAfter(
  database: D1Database,
  place: string,
  after: string,
  limit: number,
): Promise<AccountEntry[]> {
  const { results } = await database
    .prepare(
      `SELECT ${COLUMNS} FROM backup_account WHERE did > ?1 AND place = ?2 AND gone IS NULL ORDER BY did LIMIT ?3`,
    )
    .bind(after, place, limit)
    .all<StoredRow>();
  return results.map(asKept).map(({ did, made, rev, visits }) => ({
    did,
    made: made ?? 0,
    rev: rev ?? "",
    visits,
  }));
}
