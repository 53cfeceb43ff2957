/** The tables of an import under way. They are made for it, and are gone when it has ended. */
import { takeRecordDown } from "../records/takedowns.ts";
import type { Sql } from "../../protocol/object/sql.ts";
import { RUN_TABLE } from "./record-runs.ts";

const TABLES = `${RUN_TABLE}
CREATE TABLE import_record (
  path TEXT PRIMARY KEY, digest BLOB NOT NULL, rev TEXT NOT NULL, subject INTEGER, takedown TEXT, value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE import_mst (
  band INTEGER NOT NULL, edge TEXT NOT NULL, rev TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (band, edge)
) WITHOUT ROWID;
CREATE TABLE import_blob_ref (
  cid TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (cid, path)) WITHOUT ROWID;`;

/** Created when sorting is done. */
const PLAN_TABLE = `CREATE TABLE import_plan (
  only INTEGER PRIMARY KEY CHECK (only = 0), data TEXT NOT NULL, rev TEXT NOT NULL, base TEXT NOT NULL,
  top BLOB NOT NULL, irregular INTEGER NOT NULL, entries TEXT NOT NULL)`;

const DISCARD = `
DROP TABLE IF EXISTS import_plan; DROP TABLE IF EXISTS import_chunk; DROP TABLE IF EXISTS import_run;
DROP TABLE IF EXISTS import_record; DROP TABLE IF EXISTS import_mst; DROP TABLE IF EXISTS import_blob_ref;`;

/** The repo to be imported. */
export type Plan = {
  /** Root of the archive's tree. */
  data: string;
  /** Rev of the new commit, with which rows and records are stamped. */
  rev: string;
  /** CID of the commit that it replaces. */
  base: string;
};

/** A plan as stored, with what sorting found out. */
export type SortedPlan = Plan & {
  /** The tree's row at TOP. */
  top: ArrayBuffer | Uint8Array;
  /** The rows of the table `irregular`. */
  irregular: number;
  entries: string;
};

const exists = (sql: Sql, table: string) =>
  sql.first("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table) !== null;

/** Whether there is an import that no longer needs its archive. */
export const isSorted = (sql: Sql) => exists(sql, "import_plan");

/** Whether a crash left anything of an import. */
export const isBegun = (sql: Sql) => exists(sql, "import_chunk") || exists(sql, "import_run");

export const discard = (sql: Sql) => sql.run(DISCARD);

export function makeTables(sql: Sql, { rev }: Plan): void {
  sql.transaction(() => {
    sql.run(TABLES);
    // An index keeps its name when its table is renamed, so each import has its own. It fills as records are
    // copied: created at the end, it would write as many rows at once, which may exceed what is left of a day
    // on the free plan.
    sql.run(`CREATE INDEX record_subject_${rev} ON import_record (subject) WHERE subject IS NOT NULL`);
  });
}

/** Notes that sorting is done, and drops the archive. */
export function storePlan(sql: Sql, { data, rev, base, top, irregular, entries }: SortedPlan): void {
  sql.run(`DROP TABLE IF EXISTS import_chunk; ${PLAN_TABLE}`);
  sql.run(
    "INSERT INTO import_plan (only, data, rev, base, top, irregular, entries) VALUES (0, ?, ?, ?, ?, ?, ?)",
    data,
    rev,
    base,
    top,
    irregular,
    entries,
  );
}

export function readPlan(sql: Sql): SortedPlan | null {
  renewPlan(sql);
  return sql.first<Plan & { top: ArrayBuffer; irregular: number; entries: string }>(
    "SELECT data, rev, base, top, irregular, entries FROM import_plan",
  );
}

/**
 * Brings the plan of an import up to date that an earlier version began. These tables are made for an import,
 * so no migration sees them. Then, an archive with an irregular record was refused.
 */
function renewPlan(sql: Sql): void {
  const { made } =
    sql.first<{ made: string }>("SELECT sql AS made FROM sqlite_master WHERE name = 'import_plan'") ?? {};
  if (made === undefined || /\birregular\b/.test(made)) return;
  sql.transaction(() => {
    sql.run("ALTER TABLE import_plan ADD COLUMN irregular INTEGER NOT NULL DEFAULT 0");
    sql.run("ALTER TABLE import_plan ADD COLUMN entries TEXT NOT NULL DEFAULT '[]'");
  });
}

/** Gives the new tables the names of the old ones, inside the caller's transaction. */
export function swapTables(sql: Sql): void {
  sql.run(`
    DROP TABLE record; ALTER TABLE import_record RENAME TO record;
    DROP TABLE mst; ALTER TABLE import_mst RENAME TO mst;
    DROP TABLE blob_ref; ALTER TABLE import_blob_ref RENAME TO blob_ref;
    DELETE FROM irregular;
    INSERT INTO irregular (only, count, entries) SELECT 0, irregular, entries FROM import_plan WHERE irregular > 0;
    ${DISCARD}`);
}

/** Takes a record down, or restores it, also in an import under way, which may have copied it already. */
export function takeDownEverywhere(sql: Sql, path: string, takedown: string | null): void {
  sql.transaction(() => {
    if (exists(sql, "import_record"))
      sql.run("UPDATE import_record SET takedown = ? WHERE path = ?", takedown, path);
    takeRecordDown(sql, path, takedown);
  });
}
