/** Statements of one trip, each with what becomes of its rows. */
interface Step {
  statement: D1PreparedStatement;
  take: (rows: unknown[]) => void;
}

export class Script {
  private readonly steps: Step[] = [];

  /** Unless `wanted`, the statement is left out. `take` gets rows of the statement's own shape. */
  add<Row>(wanted: boolean, statement: D1PreparedStatement, take: (rows: Row[]) => unknown): void {
    if (wanted) this.steps.push({ statement, take: (rows) => void take(rows as Row[]) });
  }

  /** One batch; no trip at all without a statement. */
  async run(db: D1Database): Promise<void> {
    if (this.steps.length === 0) return;
    const results = await db.batch(this.steps.map(({ statement }) => statement));
    for (const [i, { take }] of this.steps.entries()) take(results[i]?.results ?? []);
  }
}

/** The rows of one statement: one trip. */
export async function rowsOf<Row>(db: D1Database, statement: D1PreparedStatement): Promise<Row[]> {
  const [found] = await db.batch<Row>([statement]);
  return found?.results ?? [];
}
