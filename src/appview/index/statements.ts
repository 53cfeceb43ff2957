/**
 * Set-based statements: one SQL text whose rows come as one JSON array in `?1`, read by `json_each`. They
 * stay within D1's limits (100 bound values, 2 MB per value) for any number of rows.
 */
const VALUE_BYTES = 900_000;

export type Row = readonly (string | number | null)[];

/**
 * One statement for each portion of rows that fits a value; none without rows. With several texts, each
 * portion is put through all of them before the next.
 */
export function overRows(
  db: D1Database,
  sql: string | readonly string[],
  rows: readonly Row[],
): D1PreparedStatement[] {
  const texts = typeof sql === "string" ? [sql] : sql;
  const statements: D1PreparedStatement[] = [];
  let portion: string[] = [];
  let size = 0;
  const flush = () => {
    const value = `[${portion.join(",")}]`;
    if (portion.length > 0) statements.push(...texts.map((text) => db.prepare(text).bind(value)));
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

/** Whether an account, by its SQL expression, lives here: nobody else is notified. */
export const livesHere = (did: string): string =>
  `EXISTS (SELECT 1 FROM actor WHERE actor.did = ${did} AND actor.known IS NOT NULL AND actor.home IS NULL)`;
