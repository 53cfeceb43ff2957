/** The statements of one trip, each with a callback for its rows. */
interface Step {
  statement: D1PreparedStatement;
  take: (rows: unknown[]) => void;
  /** Learns that the trip failed. */
  lose: (thrown: unknown) => void;
}

export class Script {
  private readonly steps: Step[] = [];

  /** Adds a statement, if `wanted`. `take` gets its rows; `Row` must be the statement's own shape. */
  add<Row>(
    wanted: boolean,
    statement: D1PreparedStatement,
    take: (rows: Row[]) => unknown,
    lose: Step["lose"] = () => {},
  ): void {
    if (wanted) this.steps.push({ statement, take: (rows) => void take(rows as Row[]), lose });
  }

  /** Runs all statements as one batch; makes no trip without statements. */
  async run(db: D1Database): Promise<void> {
    if (this.steps.length === 0) return;
    try {
      const results = await db.batch(this.steps.map(({ statement }) => statement));
      for (const [i, { take }] of this.steps.entries()) take(results[i]?.results ?? []);
    } catch (thrown) {
      for (const { lose } of this.steps) lose(thrown);
      throw thrown;
    }
  }
}

/** The rows of one statement, in one trip. */
export async function rowsOf<Row>(db: D1Database, statement: D1PreparedStatement): Promise<Row[]> {
  const [found] = await db.batch<Row>([statement]);
  return found?.results ?? [];
}
