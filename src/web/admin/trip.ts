/** Several reads of one database in one trip. */

/** A statement, and the shape of its rows. */
export interface Read<Row> {
  statement: D1PreparedStatement;
  /** Never there: it carries the type. */
  row?: Row;
}

export const read = <Row>(statement: D1PreparedStatement): Read<Row> => ({ statement });

type RowOf<R> = R extends Read<infer Row> ? Row : never;

/** The rows of each read, by its name. */
export async function trip<Reads extends Record<string, Read<unknown>>>(
  database: D1Database,
  reads: Reads,
): Promise<{ [Name in keyof Reads]: RowOf<Reads[Name]>[] }> {
  const results = await database.batch(Object.values(reads).map(({ statement }) => statement));
  const rows = Object.keys(reads).map((name, i) => [name, results[i]?.results ?? []]);
  return Object.fromEntries(rows) as { [Name in keyof Reads]: RowOf<Reads[Name]>[] };
}
