/**
 * Set-based statements: one SQL text whose rows come as one JSON array in `?1`, read by `json_each`. They
 * stay within D1's limits (100 bound values, 2 MB per value) for any number of rows.
 */
const VALUE_BYTES = 900_000;

export type Row = readonly (string | number | null)[];

/** One statement for each portion of rows that fits a value; none without rows. */
export function overRows(db: D1Database, sql: string, rows: readonly Row[]): D1PreparedStatement[] {
  const statements: D1PreparedStatement[] = [];
  let portion: string[] = [];
  let size = 0;
  const flush = () => {
    if (portion.length > 0) statements.push(db.prepare(sql).bind(`[${portion.join(",")}]`));
    portion = [];
    size = 0;
  };
  for (const row of rows) {
    const text = JSON.stringify(row);
    // A UTF-16 unit is at most three bytes of UTF-8.
    if (size + text.length * 3 > VALUE_BYTES) flush();
    portion.push(text);
    size += text.length * 3;
  }
  flush();
  return statements;
}

/** `value ->> 0 AS a, value ->> 1 AS b …`: the columns of a JSON row. */
export const columns = (...names: string[]): string =>
  names.map((name, i) => `value ->> ${i} AS ${name}`).join(", ");
