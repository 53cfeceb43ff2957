/** Writes the directory's tables as JSON lines, some pages at a time, and seals what is secret. */
import type { RunContext } from "./context.ts";
import { FileWriter } from "./file-writer.ts";
import { type TableFile, sealedColumn, tableKey } from "./format.ts";
import { noteProgress } from "./progress.ts";
import { KEPT_TABLES, type KeptTable, PAGE_ROWS } from "./tables.ts";

/** Pages that one step reads. */
const PAGES = 25;

type Row = Record<string, string | number | null>;

const NAMES = Object.keys(KEPT_TABLES);

/** The rows after a key, in its order. */
async function rowsAfter(
  database: D1Database,
  name: string,
  { key, page = PAGE_ROWS }: KeptTable,
  after: readonly (string | number)[],
): Promise<Row[]> {
  const columns = key.join(", ");
  const where = after.length === 0 ? "" : `WHERE (${columns}) > (${key.map(() => "?").join(", ")})`;
  const { results } = await database
    .prepare(`SELECT * FROM ${name} ${where} ORDER BY ${columns} LIMIT ${page}`)
    .bind(...after)
    .all<Row>();
  return results;
}

const keyOf = (row: Row, { key }: KeptTable): (string | number)[] => key.map((column) => row[column] ?? "");

async function sealRow({ sealer }: RunContext, name: string, table: KeptTable, row: Row): Promise<object> {
  if (table.sealed === undefined) return row;
  const sealed: Record<string, unknown> = { ...row };
  for (const column of table.sealed) {
    const text = row[column];
    if (text === null || text === undefined) continue;
    const context = sealedColumn(name, column, keyOf(row, table).join(" "));
    sealed[column] = { sealed: await sealer.seal(String(text), context) };
  }
  return sealed;
}

/** Writes the next pages of the next tables. What a step that died had written is written over. */
export async function stepDirectory(context: RunContext): Promise<void> {
  const { env, progress } = context;
  for (let left = PAGES; left > 0 && progress.phase === "directory";) {
    const name = NAMES[progress.tables.length - (progress.tableAfter.length > 0 ? 1 : 0)];
    if (name === undefined) {
      progress.phase = "list";
      progress.after = "";
      break;
    }
    left -= await writePages(context, name, left);
  }
  await noteProgress(env.DIRECTORY, context.current);
}

/** Writes one file of a table's next rows, of at most so many pages. Returns how many it read. */
async function writePages(context: RunContext, name: string, most: number): Promise<number> {
  const { env, store, progress, run, buffer } = context;
  const table = KEPT_TABLES[name];
  if (table === undefined) throw new Error(`no table ${name}`);
  const begun = progress.tableAfter.length > 0 ? progress.tables.at(-1) : undefined;
  const written: TableFile = begun ?? { table: name, rows: 0, files: [] };
  const writer = new FileWriter(store, tableKey(run, name, written.files.length + 1), buffer);
  let after = progress.tableAfter;
  let pages = 0;
  let isAll = false;
  while (pages < most && !isAll) {
    const rows = await rowsAfter(env.DIRECTORY, name, table, after);
    pages++;
    for (const row of rows) await writer.line(await sealRow(context, name, table, row));
    written.rows += rows.length;
    const last = rows.at(-1);
    if (last !== undefined) after = keyOf(last, table);
    isAll = rows.length < (table.page ?? PAGE_ROWS);
  }
  const file = await writer.end();
  progress.bytes += file.bytes;
  written.files = [...written.files, file];
  progress.tables = [...(begun === undefined ? progress.tables : progress.tables.slice(0, -1)), written];
  progress.tableAfter = isAll ? [] : after;
  return pages;
}
